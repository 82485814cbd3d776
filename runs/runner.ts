/**
 * Runs a source once per variant, side by side, second by second: the worlds move, their devices speak, the controllers
 * answer, the answers act from the next tick on. In lockstep the worlds wait for every answer, so that the result does
 * not depend on what carries the messages or how many threads decide; the wall clock waits for nobody.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { createInProcessLink } from '../feeds/inprocess-link.ts';
import type { Link, Received, Rejected } from '../feeds/link.ts';
import type { MessageKind } from '../feeds/messages.ts';
import { lockstepControllerLink } from '../feeds/lockstep.ts';
import { openMqttLink } from '../feeds/mqtt-link.ts';
import { simulationPrefix } from '../feeds/topics.ts';
import type { VariantSettings } from '../scenarios/types.ts';
import type { Street } from '../sim/street.ts';
import type { Outgoing } from '../sim/types.ts';
import { clockTime } from './clock-time.ts';
import type { ControllerDecision, Decider, RunController, StrategyFailure } from './controller-port.ts';
import { Exchange } from './exchange.ts';
import { openPresence, type Presence } from './presence.ts';
import type { SafetyMonitor } from './safety/monitor.ts';
import { hears, openRunMonitor, V2X_KINDS } from './safety/of-run.ts';
import type { SafetyPool } from './safety/pool.ts';
import type { SafetyEvent } from './safety/results.ts';
import { safetyResults } from './safety/summary.ts';
import type { Source } from './source.ts';
import type { Frame, RunResult, VariantResult } from './types.ts';
import { checkVariants } from './variants.ts';

export interface RunObserver {
  /** Called once, before the first tick, with the streets by variant. */
  onStart?(streets: ReadonlyMap<string, Street>): void;
  /** Frames by variant at `second` (0 before the first tick); the run waits for a promise. Frames are made only if this is there. */
  onSecond?(second: number, frames: Record<string, Frame>): void | Promise<void>;
  onProgress?(second: number): void;
  /** A simulated device said something. */
  onMessage?(variant: string, second: number, outgoing: Outgoing): void;
  /** What safety found of a junction in a second; only where something was found. Order: by junction. */
  onSafety?(event: SafetyEvent): void;
  /** The controller of a variant decided; vetoed decisions included. */
  onDecision?(variant: string, decision: ControllerDecision): void;
  /** A controller met a problem and goes on. */
  onProblem?(variant: string, message: string): void;
  /** A plan, request, configuration or mode reaches a street. */
  onCommand?(variant: string, second: number, command: Received): void;
  onRejected?(rejected: Rejected): void;
  onConnection?(state: 'connected' | 'reconnecting' | 'closed', detail: string): void;
  /** Wall clock: the answer to a frame was not there in time. */
  onMissed?(variant: string, second: number): void;
}

export interface RunLimits {
  /** Seconds a connected controller may take to answer a frame. */
  readonly answerTimeoutSeconds: number;
  /** Seconds the broker may be away. */
  readonly reconnectTimeoutSeconds: number;
  /** Seconds after which an unanswered frame is sent again, over a broker. */
  readonly resendSeconds: number;
}

export const DEFAULT_RUN_LIMITS: RunLimits = {
  answerTimeoutSeconds: 30,
  reconnectTimeoutSeconds: 60,
  resendSeconds: 2,
};

export interface RunOptions {
  readonly source: Source;
  /** By default the source's first. */
  readonly seed?: number;
  /** By default the source's. */
  readonly variants?: readonly VariantSettings[];
  readonly link?: 'inprocess' | { readonly broker: string };
  /** Where strategies decide: in this thread, on so many worker threads, or where the caller says (who then closes it). */
  readonly decider?: 'inprocess' | { readonly threads: number } | Decider;
  /** Where safety is worked out, in scenarios that broadcast: as `decider`; by default in this thread. */
  readonly safety?: 'inprocess' | { readonly threads: number } | SafetyPool;
  readonly clock?: 'lockstep' | 'wall';
  /** Simulated seconds per wall second; `max` (lockstep only): as fast as it goes. */
  readonly pace?: 'max' | number;
  /** Part of the topics; a new UUIDv7 by default. Never enters a digest. */
  readonly runId?: string;
  readonly observer?: RunObserver;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<RunLimits>;
  /** Check each in-process message against what a network would make of it; for tests. */
  readonly verify?: boolean;
}

/** The run was stopped by its signal. */
export class RunStopped extends Error {
  readonly simulatedSeconds: number;
  constructor(simulatedSeconds: number) {
    super(`The run was stopped at simulated ${clockTime(simulatedSeconds)}.`);
    this.name = 'RunStopped';
    this.simulatedSeconds = simulatedSeconds;
  }
}

/** A strategy failed in lockstep: what would follow is the lamp controllers' own plan, and not the strategy's result. */
export class StrategyFailed extends Error {
  constructor(variant: string, junction: string, second: number, { strategy, message }: StrategyFailure) {
    const what = message.startsWith(`strategy ${strategy} failed: `)
      ? message.slice(`strategy ${strategy} failed: `.length)
      : message;
    super(
      `Strategy ${strategy} of variant ${variant} failed at junction ${junction} in second ${second} (${clockTime(second)}): ${what}`,
    );
    this.name = 'StrategyFailed';
  }
}

/** Wall milliseconds of work after which others in this process get their turn. */
const TURN_MS = 20;

interface Lane {
  readonly variant: VariantSettings;
  readonly street: Street;
  readonly exchange: Exchange;
  /** null: nobody broadcasts. */
  monitor: SafetyMonitor | null;
}

/** A file's own programs have no lamp devices, and nobody to command them. */
const isSteered = ({ street }: Lane): boolean => street.configurations.length > 0;
const isV2x = (kind: MessageKind): boolean => (V2X_KINDS as readonly MessageKind[]).includes(kind);

/**
 * Runs all variants to the end. Rejects with StrategyError or SourceError before the start for input that cannot be run,
 * with RunStopped when the signal aborts, with StrategyFailed when a strategy fails in lockstep, and with a message that says who was silent when a broker or
 * controller is.
 */
export async function runVariants(options: RunOptions): Promise<RunResult> {
  const { source, observer = {}, signal } = options;
  const variants = options.variants ?? source.variants;
  const seed = options.seed ?? source.seeds[0] ?? 0;
  const clock = options.clock ?? 'lockstep';
  const pace = options.pace ?? 'max';
  if (clock === 'wall' && pace === 'max')
    throw new RangeError('The wall clock needs a pace: simulated seconds per second, e.g. 1.');
  if (pace !== 'max' && !(pace > 0))
    throw new RangeError(`The pace is ${pace}; more than 0 simulated seconds per second, or max.`);
  checkVariants(source, variants);

  const begin = { wall: performance.now(), cpu: process.cpuUsage() };
  const setup = new Setup(options, seed, clock);
  try {
    await setup.open(variants);
    observer.onStart?.(new Map(setup.lanes.map((lane) => [lane.variant.name, lane.street])));
    await play(setup, source.durationSeconds, clock, pace, observer, signal);
    const results: Record<string, VariantResult> = {};
    const safety = await setup.safetyResults();
    for (const { variant, street } of setup.lanes) {
      const found = safety.get(variant.name);
      results[variant.name] = { ...street.result(), ...(found && { safety: found }) };
    }
    const cpu = process.cpuUsage(begin.cpu);
    return {
      scenario: source.name,
      seed,
      stepSeconds: source.stepSeconds,
      durationSeconds: source.durationSeconds,
      variants: results,
      performance: {
        vehicleUpdates: setup.lanes.reduce((sum, lane) => sum + lane.street.vehicleUpdates, 0),
        cpuSeconds: (cpu.user + cpu.system) / 1e6,
        wallSeconds: (performance.now() - begin.wall) / 1000,
        peakRssMebibytes: process.resourceUsage().maxRSS / 1024,
      },
    };
  } finally {
    await setup.close();
  }
}

/** Everything a run opens, so that it is closed again whatever happens. */
class Setup {
  readonly lanes: Lane[] = [];
  readonly #options: RunOptions;
  readonly #seed: number;
  readonly #clock: 'lockstep' | 'wall';
  readonly #runId: string;
  readonly #controllers: RunController[] = [];
  readonly #links: (Link & { clearRetained(prefix: string): Promise<void> })[] = [];
  readonly #presences: Presence[] = [];
  readonly #hearing: (() => Promise<void>)[] = [];
  #streetLink: Link | null = null;
  #ownDecider: Decider | null = null;
  #ownPool: SafetyPool | null = null;
  second = 0;
  /** What a strategy failed of, in lockstep; the first one. */
  failure: StrategyFailed | null = null;
  /** What went wrong with sending what is broadcast under a file's own programs. */
  unsent: Error | null = null;

  constructor(options: RunOptions, seed: number, clock: 'lockstep' | 'wall') {
    this.#options = options;
    this.#seed = seed;
    this.#clock = clock;
    this.#runId = options.runId ?? uuidv7();
  }

  async open(variants: readonly VariantSettings[]): Promise<void> {
    const { source, link = 'inprocess', observer = {} } = this.#options;
    const { street: streetLink, controller: controllerLink } = await this.#openLinks(link);
    this.#streetLink = streetLink;
    const keyed = link !== 'inprocess';
    const limits = { ...DEFAULT_RUN_LIMITS, ...this.#options.limits };
    for (const variant of variants) {
      const prefix = simulationPrefix(this.#runId, variant.name);
      const lane = () => this.lanes.find(({ street }) => street.prefix === prefix);
      const street = source.open({
        seed: this.#seed,
        variant,
        prefix,
        // of a file's own programs what is broadcast goes to the monitor directly
        wants: (kind) => streetLink.wants(prefix, kind) || (isV2x(kind) && lane()?.monitor != null),
      });
      const exchange = new Exchange({
        variant: variant.name,
        street,
        link: streetLink,
        clock: this.#clock,
        keyed,
        ...limits,
        onSent: observer.onMessage && ((outgoing) => observer.onMessage!(variant.name, this.second, outgoing)),
        onCommand: observer.onCommand && ((command) => observer.onCommand!(variant.name, this.second, command)),
      });
      this.lanes.push({ variant, street, exchange, monitor: null });
    }
    const isHeard = this.lanes.some(({ street }) => street.roadsideUnits.length > 0);
    const pool = isHeard ? await this.#openPool(this.#options.safety ?? 'inprocess') : null;
    for (const lane of this.lanes) if (!isSteered(lane)) lane.monitor = await this.#openMonitor(lane, pool, true);
    const steered = this.lanes.filter(isSteered);
    if (steered.length === 0) return;
    const decider = await this.#openDecider(this.#options.decider ?? 'inprocess');
    for (const lane of steered) {
      const { variant, street, exchange } = lane;
      await exchange.open();
      // safety hears what the controller hears: in lockstep all of a frame, exactly once, before its clock
      const link = keyed && this.#clock === 'lockstep' ? lockstepControllerLink(controllerLink) : controllerLink;
      lane.monitor = await this.#openMonitor(lane, pool, !keyed);
      if (lane.monitor !== null) this.#hearing.push(await hears(lane.monitor, link, street.prefix));
      this.#controllers.push(
        await decider.openController({
          link,
          prefix: street.prefix,
          configurations: street.configurations,
          variant,
          lockstep: this.#clock === 'lockstep',
          onFailure: (failure) => {
            const known = street.configurations.find(({ junctionId }) => junctionId === failure.junctionId);
            const name = known?.name ?? failure.junctionId ?? 'unknown';
            this.failure ??= new StrategyFailed(variant.name, name, this.second, failure);
          },
          onDecision: observer.onDecision && ((decision) => observer.onDecision!(variant.name, decision)),
          onProblem: observer.onProblem && ((message) => observer.onProblem!(variant.name, message)),
        }),
      );
    }
  }

  async #openMonitor({ variant, street }: Lane, pool: SafetyPool | null, own: boolean): Promise<SafetyMonitor | null> {
    const { source, observer = {} } = this.#options;
    if (street.roadsideUnits.length === 0) return null;
    const onEvent = observer.onSafety?.bind(observer);
    return openRunMonitor({
      units: street.roadsideUnits,
      startsAtMs: source.startsAtMs,
      variant: variant.name,
      penetration: source.v2x?.share ?? null,
      weather: source.scenario?.weather ?? null,
      pool,
      own,
      ...(onEvent && { onEvent }),
    });
  }

  /** What is broadcast under a file's own programs: to the monitor, and to whoever listens at the broker. */
  broadcast({ variant, street, monitor }: Lane): void {
    if (monitor === null) return;
    const { observer = {} } = this.#options;
    for (const outgoing of street.drain()) {
      const { address, message } = outgoing;
      if (!isV2x(address.kind)) continue;
      monitor.take(address.junctionId!, message);
      observer.onMessage?.(variant.name, this.second, outgoing);
      this.#streetLink!.publish(address, message as never)?.catch((error: Error) => {
        this.unsent ??= error;
      });
    }
  }

  /** Over a broker, gives the devices that have reported their last wills. */
  async openPresences(): Promise<void> {
    const { link = 'inprocess' } = this.#options;
    if (link === 'inprocess' || this.#presences.length > 0) return;
    for (const { street, exchange } of this.lanes) {
      this.#presences.push(await openPresence(link.broker, street.prefix, exchange.devices, street.nowMs));
    }
  }

  async #openDecider(where: NonNullable<RunOptions['decider']>): Promise<Decider> {
    if (typeof where === 'object' && 'openController' in where) return where;
    const { openDecider } = await import('./controllers.ts');
    const own = await openDecider(where);
    this.#ownDecider = own;
    return own;
  }

  async #openPool(where: NonNullable<RunOptions['safety']>): Promise<SafetyPool | null> {
    if (where === 'inprocess') return null;
    if ('push' in where) return where;
    const { openSafetyPool } = await import('./safety/pool.ts');
    this.#ownPool = openSafetyPool(where);
    return this.#ownPool;
  }

  /** Ends what the monitors have under way. By variant; none where nobody broadcasts. */
  async safetyResults(): Promise<ReturnType<typeof safetyResults>> {
    const monitors = this.lanes.flatMap(({ monitor }) => monitor ?? []);
    for (const monitor of monitors) await monitor.finish();
    return safetyResults(monitors, this.#options.source.scenario?.warmUpSeconds ?? 0);
  }

  async #openLinks(link: 'inprocess' | { readonly broker: string }): Promise<{ street: Link; controller: Link }> {
    const { observer = {}, verify } = this.#options;
    if (link === 'inprocess') {
      const both = createInProcessLink({ simulation: true, verify });
      this.#links.push(both);
      return { street: both, controller: both };
    }
    const url = link.broker;
    const street = await openMqttLink({ url, simulation: true, clientId: `street-${this.#runId}` });
    this.#links.push(street);
    const controller = await openMqttLink({ url, simulation: true, clientId: `controller-${this.#runId}` });
    this.#links.push(controller);
    for (const opened of [street, controller]) {
      if (observer.onRejected) opened.events.onRejected(observer.onRejected.bind(observer));
    }
    if (observer.onConnection) street.events.onConnection(observer.onConnection.bind(observer));
    return { street, controller };
  }

  async close(): Promise<void> {
    const attempts: Promise<unknown>[] = [];
    for (const presence of this.#presences) attempts.push(presence.close());
    for (const end of this.#hearing) attempts.push(end());
    for (const controller of this.#controllers) attempts.push(controller.close());
    for (const { exchange } of this.lanes) attempts.push(exchange.close());
    await Promise.allSettled(attempts);
    await this.#ownDecider?.close();
    await this.#ownPool?.close();
    for (const link of this.#links) {
      const clear = Promise.allSettled(this.lanes.map(({ street }) => link.clearRetained(street.prefix)));
      await Promise.race([clear, sleep(2000, undefined, { ref: false })]);
      await link.close();
    }
  }
}

async function play(
  setup: Setup,
  durationSeconds: number,
  clock: 'lockstep' | 'wall',
  pace: 'max' | number,
  observer: RunObserver,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { lanes } = setup;
  const steered = lanes.filter(isSteered);
  const own = lanes.filter((lane) => !isSteered(lane));
  const firstTurn = performance.now();
  let turn = firstTurn;
  for (let second = 0; second <= durationSeconds; second++) {
    setup.second = second;
    for (const { street } of lanes) {
      const ticks = Math.round(second / street.stepSeconds);
      while (street.tick < ticks) {
        street.step();
        if (performance.now() - turn > TURN_MS) {
          await nextTurn();
          turn = performance.now();
        }
      }
    }
    for (const { exchange, variant } of steered) {
      if (clock === 'wall' && second > 0 && exchange.lastAnswered < second - 1)
        observer.onMissed?.(variant.name, second - 1);
      exchange.send(second);
    }
    for (const lane of own) setup.broadcast(lane);
    if (second === 1) await setup.openPresences();
    if (clock === 'lockstep') {
      for (const { exchange } of steered) {
        if (!exchange.complete) {
          await exchange.wait(signal);
          turn = performance.now();
        }
        if (!signal?.aborted) exchange.apply();
      }
      if (setup.failure) throw setup.failure;
    }
    if (setup.unsent) throw setup.unsent;
    for (const { monitor, street } of lanes) {
      const behind = monitor?.flush(clock === 'lockstep' ? street.nowMs : undefined);
      if (behind !== undefined) await behind;
    }
    observer.onProgress?.(second);
    if (observer.onSecond) {
      const frames: Record<string, Frame> = {};
      for (const { variant, street } of lanes) frames[variant.name] = street.frame();
      await observer.onSecond(second, frames);
    }
    if (signal?.aborted) throw new RunStopped(second);
    const due = pace === 'max' ? 0 : firstTurn + (second * 1000) / pace;
    const early = due - performance.now();
    if (early > 1) {
      await pause(early, signal);
      turn = performance.now();
    } else if (clock === 'wall' || performance.now() - turn > TURN_MS) {
      await nextTurn();
      turn = performance.now();
    }
    if (signal?.aborted) throw new RunStopped(second);
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
}
