/** `flextraff collect`: polls a connected-corridor service and hands what it says to a twin, or writes it to a log. */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Collector } from '../feeds/v2x/collector.ts';
import { Refusal } from './failure.ts';
import { onInterrupt } from './interrupt.ts';

export interface CollectOptions {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecretFile: string;
  readonly every?: number;
  readonly twin?: string;
  readonly log?: string;
}

const tell = (text: string) => process.stderr.write(`${text}\n`);
/** Messages in a request: well below the twin's limits. */
const AT_ONCE = 1000;

async function post(twin: string, messages: readonly unknown[]): Promise<void> {
  for (let first = 0; first < messages.length; first += AT_ONCE) {
    const response = await fetch(new URL('/api/v1/v2x/messages', twin), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(messages.slice(first, first + AT_ONCE)),
    });
    if (!response.ok)
      throw new Error(`The twin at ${twin} answers ${response.status}: ${(await response.text()).slice(0, 200)}`);
    const { rejected } = (await response.json()) as { rejected: Record<string, number> };
    for (const [reason, times] of Object.entries(rejected)) tell(`${times} not used by the twin: ${reason}`);
  }
}

/** Runs until it is interrupted. Throws Refusal. */
export async function collect(options: CollectOptions): Promise<void> {
  if (options.twin === undefined && options.log === undefined)
    throw new Refusal('Say where it is to go: --twin URL, --log FILE, or both.');
  const secret = await readFile(options.clientSecretFile, 'utf8').catch((error: Error) => {
    throw new Refusal(`--client-secret-file: ${error.message}. It holds the secret and nothing else.`);
  });
  const file = options.log === undefined ? null : createWriteStream(options.log, { flags: 'a' });
  file?.on('error', (error) => tell(`The log cannot be written: ${error.message}`));
  const interrupt = onInterrupt();
  let collector: Collector;
  try {
    collector = new Collector({
      url: options.url,
      clientId: options.clientId,
      clientSecret: secret.trim(),
      ...(options.every !== undefined && { everySeconds: options.every }),
      signal: interrupt.signal,
      onProblem: tell,
      async onMessages(messages) {
        for (const message of messages) file?.write(`${JSON.stringify(message)}\n`);
        if (options.twin !== undefined) await post(options.twin, messages);
      },
    });
  } catch (error) {
    throw new Refusal(`--url: ${(error as Error).message}`);
  }
  await collector.run();
  file?.end();
  const { polls, failures, messages, duplicates } = collector.counts;
  tell(`${polls} polls, ${failures} failed; ${messages} messages, ${duplicates} repeated ones dropped.`);
}
