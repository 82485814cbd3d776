/** Holds the connection to the server: which run is on show, what comes in, what the viewer asks for. */
import { io, type Socket } from 'socket.io-client';
import type {
  ClientEvents,
  DecisionRecord,
  ErrorBody,
  Frame,
  RunDetail,
  RunSummary,
  SeriesPoint,
  ServerEvents,
} from '../../api/types.ts';
import { conflictsOf, keyOf, mergeConflicts, type NearMiss, neighbour, RUN_UP_SECONDS } from '../safety/conflicts.ts';
import type { Player } from '../playback/player.ts';
import { ApiError, api } from './http.ts';
import { type Place, readPlace, writePlace } from './link.ts';
import { mergeAlerts, mergeDecisions, mergeRun, mergeSeries, runToOpen } from './merge.ts';
import type { StateStore, ViewName } from './state.ts';

const RUNS_SHOWN = 50;
const ANSWER_WITHIN_MILLISECONDS = 10_000;

type Watched = RunDetail & { series: SeriesPoint[]; decisions: DecisionRecord[]; conflicts: NearMiss[] };

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class Session {
  readonly store: StateStore;
  readonly player: Player;
  private readonly socket: Socket<ServerEvents, ClientEvents>;
  /** Grows with each run opened; answers to an earlier one are dropped. */
  private openings = 0;

  constructor(store: StateStore, player: Player) {
    this.store = store;
    this.player = player;
    this.socket = io({ transports: ['websocket'], autoConnect: false, reconnectionDelayMax: 3000 });
  }

  /** Connects and opens the run that the link names, or the newest. Answers how to end. */
  start(): () => void {
    const { socket, store } = this;
    const place = readPlace(location.hash);
    store.set({ view: place.view });
    socket.on('connect', () => void this.connected(place));
    socket.on('disconnect', () => store.set({ connection: 'lost' }));
    socket.on('connect_error', () => store.set({ connection: store.get().heardAtMs === null ? 'connecting' : 'lost' }));
    socket.on('run', (run) => this.runChanged(run));
    socket.on('series', (runId, points) => {
      if (this.shows(runId)) store.set({ series: mergeSeries(store.get().series, points), heardAtMs: Date.now() });
    });
    socket.on('decisions', (runId, decisions) => {
      if (this.shows(runId)) store.set({ decisions: mergeDecisions(store.get().decisions, decisions) });
    });
    socket.on('safety', (runId, events) => {
      if (!this.shows(runId)) return;
      const added = events.flatMap(({ variant, conflicts }) => conflicts.map((one) => ({ ...one, variant })));
      store.set({ conflicts: mergeConflicts(store.get().conflicts, added), heardAtMs: Date.now() });
    });
    socket.on('result', (runId, result) => {
      const { run } = store.get();
      if (run && this.shows(runId))
        store.set({
          run: { ...run, result },
          conflicts: mergeConflicts(store.get().conflicts, conflictsOf(result)),
        });
      void this.loadComparison();
    });
    socket.on('alert', (alert) => store.set({ alerts: mergeAlerts(store.get().alerts, [alert]) }));
    const onHash = (): void => this.placeChanged(readPlace(location.hash));
    addEventListener('hashchange', onHash);
    const unsubscribe = this.player.subscribe(() => this.keepLink());
    socket.connect();
    return () => {
      removeEventListener('hashchange', onHash);
      unsubscribe();
      socket.removeAllListeners();
      socket.disconnect();
    };
  }

  /** Shows a run, from its start or from `second`. */
  async open(runId: string, options: { second?: number | null; playing?: boolean } = {}): Promise<void> {
    const opening = ++this.openings;
    this.store.set({ opening: runId, notice: null });
    try {
      const { series, decisions, conflicts, ...run } = await this.watch(runId);
      if (opening !== this.openings) return;
      const reopened = this.store.get().run?.id === run.id;
      this.store.set({
        run,
        opening: null,
        series: mergeSeries({}, series),
        decisions: mergeDecisions([], decisions),
        conflicts: mergeConflicts([], conflicts),
        heardAtMs: Date.now(),
        ...(reopened ? {} : { comparison: null, nearMiss: null }),
      });
      if (reopened && options.second === undefined) {
        this.player.update(run);
      } else {
        const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
        this.player.open(run, (from, to) => this.frames(run.id, from, to), {
          fromSecond: options.second ?? 0,
          playing: options.playing ?? (options.second == null && !calm),
          atEdge: options.second == null && !calm && run.status === 'running' && run.pace !== 'max',
        });
      }
      this.keepLink();
      await this.loadComparison();
    } catch (error) {
      if (opening !== this.openings) return;
      this.store.set({
        opening: null,
        notice: { level: 'error', text: `The run could not be opened. ${words(error)}` },
      });
    }
  }

  /** Starts a run and shows it. */
  async startRun(scenario: string, seed: number): Promise<void> {
    try {
      const run = await api.start({ scenario, seed });
      this.runChanged(run);
      await this.open(run.id);
      this.setView('compare');
    } catch (error) {
      this.store.set({ notice: { level: 'error', text: `The run was not started. ${words(error)}` } });
    }
  }

  async stopRun(runId: string): Promise<void> {
    try {
      this.runChanged(await api.stop(runId));
    } catch (error) {
      this.store.set({ notice: { level: 'error', text: `The run was not stopped. ${words(error)}` } });
    }
  }

  setView(view: ViewName): void {
    this.store.set({ view });
    this.keepLink();
  }

  /** The address that reopens this run at this moment. */
  linkHere(): string {
    const { run, view } = this.store.get();
    return (
      location.href.replace(/#.*$/, '') +
      writePlace({ run: run?.id ?? null, second: this.player.getPosition().second, view })
    );
  }

  /** Replays a near miss in every world, from a few seconds before it, at the street's own pace. */
  replay(conflict: NearMiss): void {
    this.store.set({ nearMiss: keyOf(conflict) });
    this.player.setSpeed(1);
    this.player.seek(Math.max(0, Math.floor(conflict.criticalSecond) - RUN_UP_SECONDS));
    this.player.play();
  }

  /** Replays the next near miss, or the one before; among the serious ones where those alone are shown. */
  replayNext(direction: 1 | -1): void {
    const { conflicts, shownNearMisses } = this.store.get();
    const among = shownNearMisses === 'serious' ? conflicts.filter((one) => one.severity === 'serious') : conflicts;
    const found = neighbour(among, this.player.getPosition().second, direction);
    if (found) this.replay(found);
  }

  private shows(runId: string): boolean {
    return this.store.get().run?.id === runId;
  }

  private async connected(place: Place): Promise<void> {
    const { store } = this;
    store.set({ connection: 'connected', heardAtMs: Date.now() });
    try {
      const [runs, scenarios, alerts] = await Promise.all([api.runs(RUNS_SHOWN), api.scenarios(), api.alerts()]);
      store.set({ runs, scenarios, alerts: mergeAlerts([], alerts), heardAtMs: Date.now() });
      const shown = store.get().run;
      if (shown) await this.open(shown.id);
      else if (place.run) await this.open(place.run, { second: place.second });
      const newest = runToOpen(store.get().runs ?? []);
      if (!store.get().run && newest) {
        // Where the link led nowhere, that is said above the newest run.
        const { notice } = store.get();
        await this.open(newest.id);
        if (notice) store.set({ notice });
      }
    } catch (error) {
      store.set({ notice: { level: 'error', text: `The server did not say what there is to show. ${words(error)}` } });
    }
  }

  private runChanged(run: RunSummary): void {
    const { store } = this;
    const state = store.get();
    const shown = state.run;
    store.set({
      runs: mergeRun(state.runs ?? [], run),
      heardAtMs: Date.now(),
      ...(shown?.id === run.id ? { run: { ...shown, ...run } } : {}),
    });
    if (shown?.id === run.id) {
      this.player.update(run);
      // Ended: its last decisions and its result are fetched in case they were not pushed.
      if (shown.status === 'running' && run.status !== 'running') void this.open(run.id);
    } else if (!shown && !state.opening && state.runs !== null) void this.open(run.id);
  }

  private async loadComparison(): Promise<void> {
    const { run, runs } = this.store.get();
    const scenario = run?.scenario;
    const finished = [run, ...(runs ?? [])].some(
      (known) => known?.scenario === scenario && known?.status === 'finished',
    );
    if (!scenario || !finished) return;
    const comparison = await api.comparison(scenario).catch(() => null);
    if (this.store.get().run?.scenario === scenario) this.store.set({ comparison });
  }

  private async frames(runId: string, from: number, to: number): Promise<Record<string, Frame[]>> {
    const frames = await this.askFrames(runId, from, to);
    this.store.set({ heardAtMs: Date.now() });
    return frames;
  }

  private watch(runId: string): Promise<Watched> {
    return new Promise((resolve, reject) => {
      this.socket.timeout(ANSWER_WITHIN_MILLISECONDS).emit('watch', runId, answered(resolve, reject));
    });
  }

  private askFrames(runId: string, from: number, to: number): Promise<Record<string, Frame[]>> {
    return new Promise((resolve, reject) => {
      this.socket.timeout(ANSWER_WITHIN_MILLISECONDS).emit('frames', runId, from, to, answered(resolve, reject));
    });
  }

  private placeChanged(place: Place): void {
    if (place.view !== this.store.get().view) this.store.set({ view: place.view });
    if (place.run && !this.shows(place.run)) void this.open(place.run, { second: place.second });
    else if (place.second !== null && place.second !== this.player.getPosition().second) this.player.seek(place.second);
  }

  /** The address names run and view, and while paused the moment. */
  private keepLink(): void {
    const { run, view } = this.store.get();
    if (!run) return;
    const { playing, second } = this.player.getPosition();
    const hash = writePlace({ run: run.id, second: playing ? null : second, view });
    if (hash !== location.hash) history.replaceState(null, '', hash || location.pathname);
  }
}

/** Turns an answer of the server into the promise's end. */
function answered<T>(resolve: (value: T) => void, reject: (error: Error) => void) {
  return (late: Error | null, answer: { ok: true; value: T } | { ok: false; error: ErrorBody }): void => {
    if (late) reject(new Error('The server did not answer in time.'));
    else if (answer.ok) resolve(answer.value);
    else reject(new ApiError(0, answer.error));
  };
}
