/** A folder of the FZI test area's recordings into the analysis, by way of the messages that it would have broadcast. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SafetyAnalysis } from '../../controller/safety/analysis.ts';
import { type FziMessages, fziMessages } from '../../feeds/v2x/fzi.ts';
import { localFrame } from '../../feeds/v2x/local-frame.ts';
import { SafetySourceError, type SourceReport, Tally } from './types.ts';

/** Whether a folder's files are a recording. */
export const isFziRecording = (names: readonly string[]): boolean =>
  names.some((name) => /^vehicle_tracks_\d+\.csv$/.test(name)) && names.includes('meta_data.csv');

/** The messages of a recording. @throws SafetySourceError where a file is missing or the metadata is broken. */
export async function readFziMessages(folder: string): Promise<FziMessages> {
  const names = await readdir(folder);
  const text = (pattern: RegExp) => {
    const name = names.filter((one) => pattern.test(one)).sort()[0];
    return name === undefined ? undefined : readFile(join(folder, name), 'utf8');
  };
  const tracks = await text(/^vehicle_tracks_\d+\.csv$/);
  const signals = await text(/^signal_phases_\d+\.csv$/);
  const metadata = await text(/^meta_data\.csv$/);
  const map = await text(/_map\.kml$/);
  if (tracks === undefined || metadata === undefined)
    throw new SafetySourceError(`${folder} lacks vehicle_tracks_*.csv or meta_data.csv.`);
  try {
    return fziMessages({ tracks, metadata, signals: signals ?? '', ...(map !== undefined && { map }) });
  } catch (error) {
    throw new SafetySourceError(`${folder}: ${(error as Error).message}`);
  }
}

export async function readFzi(
  folder: string,
  analysis: SafetyAnalysis,
  onMessage?: (message: FziMessages['messages'][number]) => void,
): Promise<SourceReport> {
  const { messages, rejections, startsAtMs, originLatitudeDegrees, originLongitudeDegrees } =
    await readFziMessages(folder);
  const tally = new Tally();
  for (const { file, line, reason } of rejections) tally.count(reason, () => `${folder} ${file}:${line}`);
  for (const message of messages) {
    onMessage?.(message);
    tally.count(
      analysis.message(message),
      () => `${folder} ${((message.receivedAtMs - startsAtMs) / 1000).toFixed(1)} s`,
      () => message.kind,
    );
  }
  return {
    kind: 'fzi',
    tally,
    zeroMs: startsAtMs,
    dated: true,
    frame: localFrame(originLatitudeDegrees, originLongitudeDegrees),
    penetration: 1,
    notes: ['Speeds are taken from the positions; vx and vy as recorded are too small (docs/SAFETY.md).'],
  };
}
