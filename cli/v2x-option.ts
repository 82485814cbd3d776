/** `--v2x [SETTINGS]`: what of a run broadcasts, whatever its file says. */
import type { V2xSettings } from '../scenarios/types.ts';
import { Refusal } from './failure.ts';

interface Setting {
  readonly field: keyof V2xSettings;
  readonly least: number;
  readonly most: number;
}

/** Bounds are those of scenario files. */
const SETTINGS: Readonly<Record<string, Setting>> = {
  share: { field: 'share', least: 0, most: 1 },
  people: { field: 'pedestrianShare', least: 0, most: 1 },
  dropout: { field: 'dropoutShare', least: 0, most: 0.95 },
  noise: { field: 'positionNoiseMetres', least: 0, most: 10 },
  rotation: { field: 'idRotationSeconds', least: 10, most: 3600 },
  range: { field: 'rangeMetres', least: 50, most: 2000 },
};

const EVERYBODY: V2xSettings = {
  share: 1,
  pedestrianShare: 1,
  dropoutShare: 0,
  positionNoiseMetres: 0,
  idRotationSeconds: null,
  rangeMetres: 300,
  singly: false,
};

/**
 * `true` (the option alone) is everybody; a number the share of vehicles and people; else `key=value`, separated by
 * commas. Throws Refusal.
 */
export function parseV2x(text: string | true | undefined): V2xSettings | undefined {
  if (text === undefined) return undefined;
  if (text === true) return EVERYBODY;
  if (/^\d*\.?\d+$/.test(text)) {
    const share = within('share', Number(text), text);
    return { ...EVERYBODY, share, pedestrianShare: share };
  }
  const settings: Record<string, unknown> = { ...EVERYBODY };
  for (const part of text.split(',')) {
    const [key = '', value = ''] = part.split('=', 2);
    const setting = SETTINGS[key];
    if (setting === undefined || !/^\d*\.?\d+$/.test(value))
      throw new Refusal(
        `--v2x ${text}: ${part} is not understood. A share from 0 to 1, or of ${Object.keys(SETTINGS).join(', ')} some as key=value, e.g. --v2x share=0.4,dropout=0.05,noise=1.5,rotation=300; nothing for everybody, and then the file before it.`,
      );
    settings[setting.field] = within(key, Number(value), text);
  }
  return settings as unknown as V2xSettings;
}

function within(key: string, value: number, text: string): number {
  const { least, most } = SETTINGS[key]!;
  if (value >= least && value <= most) return value;
  throw new Refusal(`--v2x ${text}: ${key} is ${value}; from ${least} to ${most}.`);
}
