/** `--detection`: what strategies see of the vehicles. */
import { type Detection, RADIO_METRES } from '../runs/sumo/detection.ts';
import type { RadioSettings } from '../sim/detectors/radios.ts';
import { Refusal } from './failure.ts';

/** `full`, `loops` or `v2x=SHARE`. Throws Refusal for anything else. */
export function parseDetection(text: string): Detection {
  if (text === 'full' || text === 'loops') return text;
  const share = /^v2x=(\d*\.?\d+)$/.exec(text);
  const value = share === null ? Number.NaN : Number(share[1]);
  if (value >= 0 && value <= 1) return { share: value };
  throw new Refusal(`--detection ${text}: full, loops, or v2x=SHARE with a share from 0 to 1, e.g. v2x=0.3.`);
}

/** The same for our own streets; undefined: loops only. Throws Refusal. */
export function radioOf(text: string | undefined): RadioSettings | undefined {
  const detection = text === undefined ? 'loops' : parseDetection(text);
  if (detection === 'loops') return undefined;
  return { metres: RADIO_METRES, share: detection === 'full' ? 1 : detection.share };
}
