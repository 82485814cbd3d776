/** The detectors that are watched, and who else sees the same traffic. */
import type { Ground, Section, Stream } from './streams.ts';

export interface Placed {
  readonly id: string;
  readonly lanes: number;
  readonly section: number;
  /** The stream whose line it is; null: it is upstream. */
  readonly stream: Stream | null;
  /** Indices of all that stand at the same end of the section. */
  readonly alike: readonly number[];
  /** Indices of all at its other end. */
  readonly opposite: readonly number[];
}

const placedBy = new WeakMap<Ground, readonly Placed[]>();

/** In the order of the streams, then of the upstream detectors of each section. */
export function placedOf(ground: Ground): readonly Placed[] {
  let placed = placedBy.get(ground);
  if (placed === undefined) {
    const lanesOf = ({ streams }: Section): number => streams.reduce((sum, s) => sum + ground.streams[s]!.lanes, 0);
    const all = [
      ...ground.streams.map((stream) => ({ id: stream.id, lanes: stream.lanes, section: stream.section, stream })),
      ...ground.sections.flatMap((section, s) =>
        section.upstream.map(({ id, stream }) => {
          return { id, lanes: stream < 0 ? lanesOf(section) : 1, section: s, stream: null };
        }),
      ),
    ];
    const isLine = ({ stream }: { stream: Stream | null }): boolean => stream !== null;
    placed = all.map((one) => {
      const at = (end: boolean): number[] =>
        all.flatMap((other, k) => (other.section === one.section && isLine(other) === end ? [k] : []));
      return { ...one, alike: at(isLine(one)), opposite: at(!isLine(one)) };
    });
    placedBy.set(ground, placed);
  }
  return placed;
}
