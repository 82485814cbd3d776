import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  pruneRecordings,
  RecordingReader,
  RecordingWriter,
  readRunFile,
  recordedRuns,
  writeRunFile,
} from './recording.ts';
import type { Frame } from './types.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'flextraff-recording-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function frame(second: number, shift = 0): Frame {
  return {
    second,
    vehicles: [second, 0, second + shift, 1 - second, 90, 120],
    lamps: ['gr'],
    stages: [[0, second % 30]],
    counters: {
      demanded: second,
      arrived: 0,
      running: 1,
      queued: 0,
      delaySeconds: second / 7,
      stopsPerVehicle: 0,
      fuelLitres: 0,
      co2Kilograms: 0,
      approachQueues: [0, 1],
    },
  };
}

async function record(folder: string, from: number, to: number, writer?: RecordingWriter): Promise<RecordingWriter> {
  const recording = writer ?? (await RecordingWriter.create(folder, ['baseline', 'adaptive']));
  for (let s = from; s < to; s++) await recording.append({ baseline: frame(s), adaptive: frame(s, 5) });
  return recording;
}

const seconds = (frames: readonly Frame[] | undefined) => frames?.map((f) => f.second);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('a recording', () => {
  it('gives back every frame of every variant after it was closed', async () => {
    const folder = join(root, 'r1');
    await (await record(folder, 0, 150)).close();
    const reader = (await RecordingReader.open(folder))!;
    expect(reader.seconds).toBe(150);
    const all = await reader.read(0, 1000);
    expect(all.baseline).toEqual(range(0, 150).map((s) => frame(s)));
    expect(all.adaptive).toEqual(range(0, 150).map((s) => frame(s, 5)));
    expect(seconds((await reader.read(55, 65)).baseline)).toEqual(range(55, 65));
    expect(seconds((await reader.read(149, 400)).adaptive)).toEqual([149]);
    expect((await reader.read(150, 200)).baseline).toEqual([]);
  });

  it('can be read while it is written, up to the last second, each frame once', async () => {
    const folder = join(root, 'r1');
    const writer = await record(folder, 0, 130);
    expect(seconds((await writer.read(0, 1000)).baseline)).toEqual(range(0, 130));
    expect(seconds((await writer.read(100, 125)).adaptive)).toEqual(range(100, 125));
    await record(folder, 130, 200, writer);
    await writer.flush();
    expect(seconds((await writer.read(110, 300)).baseline)).toEqual(range(110, 200));
    await writer.close();
  });

  it('has everything up to the last flush after the process ended without a goodbye', async () => {
    const folder = join(root, 'r1');
    const writer = await record(folder, 0, 75);
    await writer.flush();
    await record(folder, 75, 90, writer);
    await writer.flush();
    await record(folder, 90, 95, writer);
    const reader = (await RecordingReader.open(folder))!;
    expect(reader.seconds).toBe(90);
    expect(seconds((await reader.read(0, 1000)).baseline)).toEqual(range(0, 90));
    await writer.close();
  });

  it('keeps frames in the short file until their chunk is written, whatever is flushed in between', async () => {
    const folder = join(root, 'r1');
    const writer = await RecordingWriter.create(folder, ['baseline']);
    const waits: (void | Promise<void>)[] = [];
    for (let s = 0; s < 200; s++) {
      waits.push(writer.append({ baseline: frame(s) }));
      if (s % 7 === 0) waits.push(writer.flush());
    }
    await Promise.all(waits);
    await writer.flush();
    const reader = (await RecordingReader.open(folder))!;
    expect(seconds((await reader.read(0, 1000)).baseline)).toEqual(range(0, 200));
    await writer.close();
  });

  it.each([
    ['cut within its last chunk', (file: string) => truncateSync(file, statSync(file).size - 5), 120],
    ['cut within its last header', (file: string) => truncateSync(file, chunkEnds(file)[1]! + 7), 120],
    ['followed by rubbish', (file: string) => appendFileSync(file, 'rubbish that is no chunk at all'), 180],
    [
      'damaged in its last chunk',
      (file: string) => {
        const bytes = readFileSync(file);
        bytes[bytes.length - 12]! ^= 0xff;
        writeFileSync(file, bytes);
      },
      120,
    ],
  ])('%s still gives the rest', async (_what, damage, left) => {
    const folder = join(root, 'r1');
    await (await record(folder, 0, 180)).close();
    damage(join(folder, 'adaptive.frames'));
    const reader = (await RecordingReader.open(folder))!;
    expect(reader.seconds).toBe(left);
    expect(seconds((await reader.read(0, 1000)).adaptive)).toEqual(range(0, left));
    expect(seconds((await reader.read(0, 1000)).baseline)).toEqual(range(0, 180));
  });

  it('with a torn line at the end of the short file gives the lines before', async () => {
    const folder = join(root, 'r1');
    const writer = await record(folder, 0, 70);
    await writer.flush();
    const tail = join(folder, 'baseline.tail');
    truncateSync(tail, statSync(tail).size - 20);
    const reader = (await RecordingReader.open(folder))!;
    expect(seconds((await reader.read(0, 1000)).baseline)).toEqual(range(0, 69));
    await writer.close();
  });

  it('is not there where nothing was recorded', async () => {
    expect(await RecordingReader.open(join(root, 'nothing'))).toBeNull();
    mkdirSync(join(root, 'empty'));
    expect(await RecordingReader.open(join(root, 'empty'))).toBeNull();
  });

  it('takes less than a quarter of its text', async () => {
    const folder = join(root, 'r1');
    const writer = await RecordingWriter.create(folder, ['baseline']);
    let text = 0;
    for (let s = 0; s < 120; s++) {
      const crowded = { ...frame(s), vehicles: Array.from({ length: 600 }, (_, i) => (i % 6 === 2 ? s * 3 + i : i)) };
      text += JSON.stringify(crowded).length;
      await writer.append({ baseline: crowded });
    }
    await writer.close();
    expect(statSync(join(folder, 'baseline.frames')).size).toBeLessThan(text / 4);
  });
});

/** Ends of the chunks of a file, from their headers. */
function chunkEnds(file: string): number[] {
  const bytes = readFileSync(file);
  const ends: number[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    offset += 16 + bytes.readUInt32LE(offset + 12);
    ends.push(offset);
  }
  return ends;
}

describe('old recordings', () => {
  async function runOf(id: string, bytes: number): Promise<void> {
    mkdirSync(join(root, id));
    writeFileSync(join(root, id, 'baseline.frames'), Buffer.alloc(bytes));
  }

  it('are removed, oldest first, when there are too many; those in use stay', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) await runOf(id, 10);
    expect(await pruneRecordings(root, { runsMax: 3, bytesMax: 1000 }, new Set(['a']))).toEqual(['b', 'c']);
    expect(await recordedRuns(root)).toEqual(['a', 'd', 'e']);
  });

  it('are removed when they take too much room', async () => {
    for (const id of ['a', 'b', 'c']) await runOf(id, 400);
    expect(await pruneRecordings(root, { runsMax: 20, bytesMax: 900 }, new Set())).toEqual(['a']);
    expect(existsSync(join(root, 'a'))).toBe(false);
  });

  it('and nothing else is touched', async () => {
    writeFileSync(join(root, 'note.txt'), 'mine');
    mkdirSync(join(root, '.hidden'));
    await runOf('a', 1);
    await pruneRecordings(root, { runsMax: 0, bytesMax: 0 }, new Set());
    expect(existsSync(join(root, 'note.txt'))).toBe(true);
    expect(existsSync(join(root, '.hidden'))).toBe(true);
    expect(await pruneRecordings(join(root, 'missing'), { runsMax: 0, bytesMax: 0 }, new Set())).toEqual([]);
  });
});

describe('the small files of a run', () => {
  it('are whole, replaced at once, or null', async () => {
    await writeRunFile(root, 'run', { id: 'r1' });
    await writeRunFile(root, 'run', { id: 'r2' });
    expect(await readRunFile(root, 'run')).toEqual({ id: 'r2' });
    writeFileSync(join(root, 'drawing.json'), '{"half":');
    expect(await readRunFile(root, 'drawing')).toBeNull();
    expect(await readRunFile(join(root, 'missing'), 'run')).toBeNull();
  });
});
