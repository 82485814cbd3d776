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
/** Messages kept for a twin that is away; beyond them the oldest are lost, and said to be. */
const KEPT_MAX = 100_000;

/** Hands over from the front of `messages`, which loses what was taken. Throws where the twin takes no more. */
async function post(twin: string, messages: unknown[]): Promise<void> {
  while (messages.length > 0) {
    const response = await fetch(new URL('/api/v1/v2x/messages', twin), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(messages.slice(0, AT_ONCE)),
    }).catch((error: Error & { cause?: Error }) => {
      throw new Error(`The twin at ${twin} cannot be reached: ${error.cause?.message ?? error.message}.`);
    });
    if (!response.ok)
      throw new Error(`The twin at ${twin} answers ${response.status}: ${(await response.text()).slice(0, 200)}`);
    messages.splice(0, AT_ONCE);
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
  const waiting: unknown[] = [];
  let lost = 0;
  /** A twin that is away is no reason not to collect: what is for it waits. */
  const handOver = async (twin: string, messages: readonly unknown[]): Promise<void> => {
    for (const message of messages) waiting.push(message);
    const over = waiting.splice(0, Math.max(0, waiting.length - KEPT_MAX)).length;
    lost += over;
    await post(twin, waiting).catch((error: Error) =>
      tell(`${error.message} ${waiting.length} messages wait for it${over > 0 ? `, ${over} were lost` : ''}.`),
    );
  };
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
        if (options.twin !== undefined) await handOver(options.twin, messages);
      },
    });
  } catch (error) {
    throw new Refusal(`--url: ${(error as Error).message}`);
  }
  await collector.run();
  if (options.twin !== undefined && waiting.length > 0) await handOver(options.twin, []);
  file?.end();
  const { polls, failures, messages, duplicates } = collector.counts;
  tell(
    `${polls} polls, ${failures} failed; ${messages} messages, ${duplicates} repeated ones dropped.${waiting.length + lost > 0 ? ` ${waiting.length + lost} did not reach the twin.` : ''}`,
  );
}
