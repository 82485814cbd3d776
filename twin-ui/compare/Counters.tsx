/** The four numbers under a world, at the playhead, and how they differ from the reference. */
import type { FrameCounters } from '../../api/types.ts';
import { fixed, signed, whole } from '../words/numbers.ts';

interface Props {
  readonly variant: string;
  readonly counters: FrameCounters | undefined;
  /** Of the reference; undefined in the reference itself. */
  readonly reference: FrameCounters | undefined;
  readonly referenceName: string;
}

interface Row {
  readonly id: string;
  readonly label: string;
  readonly value: (counters: FrameCounters) => number;
  readonly text: (value: number) => string;
  readonly difference: (value: number) => string;
  readonly labelled?: (counters: FrameCounters) => string;
}

const ROWS: readonly Row[] = [
  {
    id: 'delay',
    label: 'delay per vehicle',
    value: (c) => c.delaySeconds,
    text: (v) => `${fixed(v, 1)} s`,
    difference: (v) => `${signed(v, 1)} s`,
  },
  { id: 'queued', label: 'queued now', value: (c) => c.queued, text: whole, difference: (v) => signed(v, 0) },
  {
    id: 'stops',
    label: 'stops per vehicle',
    value: (c) => c.stopsPerVehicle,
    text: (v) => fixed(v, 2),
    difference: (v) => signed(v, 2),
  },
  {
    id: 'fuel',
    label: 'fuel',
    value: (c) => c.fuelLitres,
    text: (v) => `${fixed(v, 1)} l`,
    difference: (v) => `${signed(v, 1)} l`,
    labelled: (c) => `fuel, ${fixed(c.co2Kilograms, 1)} kg CO₂`,
  },
];

const PEOPLE: Row = {
  id: 'people',
  label: 'delay per person',
  value: (c) => c.pedestrians?.delaySeconds ?? 0,
  text: (v) => `${fixed(v, 1)} s`,
  difference: (v) => `${signed(v, 1)} s`,
};

export function Counters({ variant, counters, reference, referenceName }: Props) {
  return (
    <dl className="counters">
      {(counters?.pedestrians ? [...ROWS, PEOPLE] : ROWS).map((row) => {
        const value = counters && row.value(counters);
        const difference = counters && reference ? row.value(counters) - row.value(reference) : undefined;
        return (
          <div key={row.id} className="counter">
            <dt>{counters && row.labelled ? row.labelled(counters) : row.label}</dt>
            <dd data-testid={`counter-${row.id}-${variant}`} data-value={value ?? ''}>
              {value === undefined ? '–' : row.text(value)}
            </dd>
            <dd className="counter-beside">
              {difference === undefined ? '' : `${row.difference(difference)} vs ${referenceName}`}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
