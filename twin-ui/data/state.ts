/** What the page knows, in one immutable object that views subscribe to. */
import { useSyncExternalStore } from 'react';
import type {
  Alert,
  Comparison,
  DecisionRecord,
  RunDetail,
  RunSummary,
  ScenarioSummary,
  SeriesPoint,
} from '../../api/types.ts';
import type { NearMiss } from '../safety/conflicts.ts';

export type ViewName = 'compare' | 'signals' | 'runs';

export interface Notice {
  readonly level: 'info' | 'error';
  readonly text: string;
}

export interface AppState {
  readonly connection: 'connecting' | 'connected' | 'lost';
  /** Wall time of the last word from the server, ms; null before the first. */
  readonly heardAtMs: number | null;
  /** null until the server has answered. */
  readonly runs: readonly RunSummary[] | null;
  readonly scenarios: readonly ScenarioSummary[] | null;
  /** The run on show. */
  readonly run: RunDetail | null;
  /** A run that was asked for and is not here yet. */
  readonly opening: string | null;
  /** By variant, in order of time. */
  readonly series: Readonly<Record<string, readonly SeriesPoint[]>>;
  readonly decisions: readonly DecisionRecord[];
  /** Near misses of the run on show, in order of their critical moments. */
  readonly conflicts: readonly NearMiss[];
  /** Key of the one replayed last. */
  readonly nearMiss: string | null;
  /** Which are on the map and in the list. */
  readonly shownNearMisses: 'serious' | 'all';
  readonly comparison: Comparison | null;
  readonly alerts: readonly Alert[];
  readonly notice: Notice | null;
  readonly view: ViewName;
}

const initial: AppState = {
  connection: 'connecting',
  heardAtMs: null,
  runs: null,
  scenarios: null,
  run: null,
  opening: null,
  series: {},
  decisions: [],
  conflicts: [],
  nearMiss: null,
  shownNearMisses: 'serious',
  comparison: null,
  alerts: [],
  notice: null,
  view: 'compare',
};

export class StateStore {
  private state = initial;
  private readonly listeners = new Set<() => void>();

  get = (): AppState => this.state;

  set(change: Partial<AppState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

/** A part of the state; the view is drawn again when that part is another object. */
export function useAppState<T>(store: StateStore, part: (state: AppState) => T): T {
  return useSyncExternalStore(store.subscribe, () => part(store.get()));
}
