/** Tells what a source is, and reads it into an analysis. */
import { readdir, stat } from 'node:fs/promises';
import { type AnalysisOptions, SafetyAnalysis } from '../../controller/safety/analysis.ts';
import { localFrame } from '../../feeds/v2x/local-frame.ts';
import type { V2xMessage } from '../../feeds/v2x/messages.ts';
import { readFcd, readVehicleTypes } from './fcd.ts';
import { isFziRecording, readFzi, readFziMessages } from './fzi.ts';
import { readLog } from './log.ts';
import { firstBytes } from './text.ts';
import { readTrj } from './trj.ts';
import { SafetySourceError, type SourceKind, type SourceReport } from './types.ts';

export interface OpenSafetyOptions {
  readonly analysis?: AnalysisOptions;
  /** SUMO route or additional file with the vTypes of a FCD file. */
  readonly typesPath?: string;
  /** Called with each message of a recording that is turned into messages. */
  readonly onMessage?: (message: V2xMessage) => void;
}

/** What `path` is. @throws SafetySourceError where there is nothing, or nothing in it. */
export async function kindOfSource(path: string): Promise<SourceKind> {
  let folder: boolean;
  try {
    folder = (await stat(path)).isDirectory();
  } catch {
    throw new SafetySourceError(
      `${path}: there is no such file or folder. A SUMO FCD file, a .trj, a message log, or the folder of a recording is expected.`,
    );
  }
  if (folder) return isFziRecording(await readdir(path)) ? 'fzi' : 'log';
  const head = await firstBytes(path, 512);
  if (head.length === 0) throw new SafetySourceError(`${path} is empty.`);
  if (head[0] === 0 && (head[1] === 0x4c || head[1] === 0x42)) return 'trj';
  if (/\.trj$/i.test(path)) return 'trj';
  const text = head
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (text.startsWith('<')) return 'fcd';
  return 'log';
}

/** Reads the whole of `path`. The analysis is finished: take what came out. */
export async function analyseSource(
  path: string,
  options: OpenSafetyOptions = {},
): Promise<{ readonly report: SourceReport; readonly analysis: SafetyAnalysis }> {
  const kind = await kindOfSource(path);
  const everybody = kind !== 'log';
  let { analysis: settings = {} } = options;
  if (settings.penetration === undefined && everybody) settings = { ...settings, penetration: 1 };
  if (kind === 'fzi' && settings.frame === undefined) {
    const { originLatitudeDegrees, originLongitudeDegrees } = await readFziMessages(path);
    settings = { ...settings, frame: localFrame(originLatitudeDegrees, originLongitudeDegrees) };
  }
  const analysis = new SafetyAnalysis(settings);
  const read = async (): Promise<SourceReport> => {
    switch (kind) {
      case 'fcd':
        return readFcd(path, analysis, {
          ...(options.typesPath !== undefined && { vehicleTypes: await readVehicleTypes(options.typesPath) }),
        });
      case 'trj':
        return readTrj(path, analysis);
      case 'fzi':
        return readFzi(path, analysis, options.onMessage);
      case 'log':
        return readLog(path, analysis);
    }
  };
  const report = await read();
  analysis.finish();
  const frame = report.frame ?? settings.frame ?? null;
  return { report: { ...report, frame, penetration: settings.penetration ?? report.penetration }, analysis };
}
