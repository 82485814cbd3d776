/** Controllers and simulated devices as processes of their own, and what was seen of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SEQ_PER_TOKEN } from '../../controller/service/ownership.ts';
import { configurationFromMessage } from '../../feeds/codec.ts';
import { type MqttLink, openMqttLink } from '../../feeds/mqtt-link.ts';
import { LampMonitor } from '../../junction/monitor.ts';
import type { JunctionConfiguration, Lamp } from '../../junction/types.ts';
import { CLI, cleanEnvironment, ROOT } from './command.ts';

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly lines: Record<string, unknown>[];
  readonly errors: () => string;
  /** The first line with this event, as soon as it is there. Rejects where the process ends before. */
  event(name: string): Promise<Record<string, unknown>>;
  readonly ended: Promise<number | null>;
}

/** Starts the built program; its standard output is one JSON object a line. */
export function start(args: readonly string[], environment: Record<string, string> = {}): RunningCommand {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: ROOT,
    env: cleanEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Record<string, unknown>[] = [];
  let errors = '';
  let wake = (): void => {};
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (line.startsWith('{')) lines.push(JSON.parse(line));
    wake();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    child,
    lines,
    errors: () => errors,
    ended,
    async event(name) {
      let gone = false;
      void ended.then(() => {
        gone = true;
        wake();
      });
      for (;;) {
        const found = lines.find((line) => line.event === name);
        if (found !== undefined) return found;
        if (gone) throw new Error(`flextraff ${args[0]} ended before it said "${name}": ${errors}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

export interface SeenCommand {
  readonly junctionId: string;
  readonly kind: string;
  readonly seq: number;
  readonly token: number;
  readonly atMs: number;
}

/** Listens at the broker. */
export interface Witness {
  readonly commands: SeenCommand[];
  readonly applied: SeenCommand[];
  readonly configurations: Map<string, JunctionConfiguration>;
  readonly modes: Map<string, { mode: string; stage?: string | undefined }>;
  /** Stages that each junction's lamps have shown. */
  readonly stages: Map<string, Set<string>>;
  readonly link: MqttLink;
  /** Resolves once `holds` does; asks after each message. */
  until(what: string, holds: () => boolean, milliseconds?: number): Promise<void>;
  close(): Promise<void>;
}

export async function witness(url: string, prefix: string): Promise<Witness> {
  const link = await openMqttLink({ url, simulation: true });
  const commands: SeenCommand[] = [];
  const applied: SeenCommand[] = [];
  const configurations = new Map<string, JunctionConfiguration>();
  const modes = new Map<string, { mode: string; stage?: string | undefined }>();
  const stages = new Map<string, Set<string>>();
  const kinds = ['green-time', 'stage-request', 'ack', 'configuration', 'mode', 'lamps'] as const;
  await link.subscribe(prefix, kinds, ({ address, message, retained }) => {
    const junctionId = address.junctionId!;
    if (address.kind === 'configuration') {
      configurations.set(junctionId, configurationFromMessage(message as never));
      return;
    }
    if (address.kind === 'mode') {
      modes.set(junctionId, message as never);
      return;
    }
    if (address.kind === 'lamps') {
      const { stage } = message as { stage: string | null };
      if (stage !== null) stages.set(junctionId, (stages.get(junctionId) ?? new Set()).add(stage));
      return;
    }
    const { seq } = message as { seq?: number };
    if (retained || seq === undefined) return;
    const seen = {
      junctionId,
      kind: address.kind,
      seq,
      token: Math.floor(seq / SEQ_PER_TOKEN),
      atMs: performance.now(),
    };
    if (address.kind === 'ack') {
      if ((message as { result: string }).result === 'applied') applied.push(seen);
    } else commands.push(seen);
  });
  return {
    commands,
    applied,
    configurations,
    modes,
    stages,
    link,
    async until(what, holds, milliseconds = 60_000) {
      const endMs = performance.now() + milliseconds;
      while (!holds()) {
        if (performance.now() > endMs) throw new Error(`not within ${milliseconds} ms: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    close: () => link.close(),
  };
}

/** What is wrong with a log of `flextraff devices --lamp-log`, by the conflict monitor alone; and its lines and those with green, by junction. */
export function judgeLampLog(
  file: string,
  configurations: ReadonlyMap<string, JunctionConfiguration>,
): { readonly wrong: string[]; readonly changes: Map<string, number>; readonly greens: Map<string, number> } {
  const monitors = new Map<string, LampMonitor>();
  const wrong: string[] = [];
  const greens = new Map<string, number>();
  const changes = new Map<string, number>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    const { at, steadyMs, junctionId, lamps } = JSON.parse(line) as {
      at: string;
      steadyMs: number;
      junctionId: string;
      lamps: Lamp[];
    };
    changes.set(junctionId, (changes.get(junctionId) ?? 0) + 1);
    if (lamps.includes('green')) greens.set(junctionId, (greens.get(junctionId) ?? 0) + 1);
    const monitor = monitors.get(junctionId);
    if (monitor === undefined) {
      monitors.set(junctionId, new LampMonitor(configurations.get(junctionId)!, lamps, steadyMs));
      continue;
    }
    if (lamps.includes('flash')) wrong.push(`${junctionId} ${at}: flashes`);
    const problem = monitor.see(lamps, steadyMs);
    if (problem !== null) wrong.push(`${junctionId} ${at}: ${problem}`);
  }
  return { wrong, changes, greens };
}
