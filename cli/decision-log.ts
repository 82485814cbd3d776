/** Decisions on disk: one file a UTC day, one JSON object a line, as they were taken and again when a device answered. */
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DecisionRecord } from '../controller/service/index.ts';

export interface DecisionLog {
  write(event: 'decided' | 'acknowledged', record: DecisionRecord): void;
  close(): void;
}

/** `also` is given the same lines, whole ones, as they are written. */
export function openDecisionLog(
  folder: string,
  now: () => number = Date.now,
  also?: (lines: string) => void,
): DecisionLog {
  mkdirSync(folder, { recursive: true });
  let day = '';
  let file = -1;
  let waiting: string[] = [];
  let flushing = false;
  const flush = (): void => {
    flushing = false;
    if (waiting.length === 0) return;
    const today = new Date(now()).toISOString().slice(0, 10);
    if (today !== day) {
      if (file >= 0) closeSync(file);
      day = today;
      file = openSync(join(folder, `decisions-${day}.ndjson`), 'a');
    }
    const lines = waiting.join('');
    waiting = [];
    writeSync(file, lines);
    also?.(lines);
  };
  return {
    write(event, record) {
      const { acknowledged, ...decided } = record;
      const line =
        event === 'decided'
          ? { event, at: new Date(record.atMs).toISOString(), ...decided }
          : { event, junctionId: record.junctionId, seq: record.seq, acknowledged };
      waiting.push(`${JSON.stringify(line)}\n`);
      if (flushing) return;
      flushing = true;
      setImmediate(flush);
    },
    close() {
      flush();
      if (file < 0) return;
      fsyncSync(file);
      closeSync(file);
      file = -1;
    },
  };
}
