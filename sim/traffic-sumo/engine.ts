/** SUMO's traffic: an engine that moves SUMO's demand through SUMO's network as SUMO 1.15 does. */
import type { Crossings, Engine } from '../core.ts';
import type { SumoDemand } from '../network/sumo/demand.ts';
import type { SumoNet } from '../network/sumo/net-types.ts';
import type { SumoWorld } from '../network/sumo/network.ts';
import { buildConflicts, type Conflicts } from './conflicts.ts';
import { createFilePrograms, type FilePrograms } from './file-programs.ts';
import { createEntryQueue, enterDue } from './insertion.ts';
import { buildRouteLanes, type RouteLanes } from './routes.ts';
import { RED, RED_YELLOW, YELLOW } from './signal-codes.ts';
import { createTraffic, type Traffic } from './traffic.ts';

export interface SumoEngineOptions {
  /** On the files' clock. */
  readonly beginSeconds: number;
  /** More than 0 and at most 2. */
  readonly stepSeconds: number;
  readonly seed: number;
  /** By signal, whether it shows the file's program (default: all do) or what is put into `groupLamp`. */
  readonly ownSignals?: readonly boolean[];
  /** Ballistic update (`--step-method.ballistic`): a step is driven at the mean of its two speeds. Default: Euler. */
  readonly ballistic?: boolean;
}

export interface SumoEngine extends Engine {
  readonly traffic: Traffic;
  readonly programs: FilePrograms;
}

const known = new WeakMap<object, { lanes: RouteLanes; conflicts: Conflicts }>();

/** What follows from the files alone, worked out once for all runs of the same world. */
function tablesOf(world: SumoWorld, net: SumoNet): { lanes: RouteLanes; conflicts: Conflicts } {
  let tables = known.get(world.rules);
  if (tables === undefined) {
    tables = { lanes: buildRouteLanes(world, net), conflicts: buildConflicts(world, net) };
    known.set(world.rules, tables);
  }
  return tables;
}

/**
 * An engine at its begin: what departs then is already in. Times of the state count from the begin. Throws RangeError
 * for a step out of range.
 */
export function createSumoEngine(
  net: SumoNet,
  world: SumoWorld,
  demand: SumoDemand,
  options: SumoEngineOptions,
): SumoEngine {
  const { stepSeconds: dt, beginSeconds } = options;
  if (!(dt > 0 && dt <= 2)) throw new RangeError(`stepSeconds is ${dt}; more than 0 and at most 2. Choose 0.1 to 1 s.`);
  const { lanes, conflicts } = tablesOf(world, net);
  const t = createTraffic(world, demand, lanes, conflicts, beginSeconds, dt, options.ballistic === true, options.seed);
  const queue = createEntryQueue(t, demand.departures);
  const groupLamp = new Uint8Array(t.groupState.length);
  const crossings: Crossings = {
    count: 0,
    vehicle: new Int32Array(0),
    detector: new Int32Array(0),
    at: new Float64Array(0),
  };
  const follows = options.ownSignals ?? world.signals.map(() => true);
  const programs = createFilePrograms(net, world, t, beginSeconds, follows);
  const shown = new Int32Array(world.signals.length).fill(-1);
  let updates = 0;

  const segmentCount = world.network.laneCount + world.network.linkCount;
  const signals = (now: number): void => {
    programs.tick(now);
    let changed = now === 0;
    for (let s = 0; s < shown.length; s++) {
      const { program, firstGroup, groupCount } = world.signals[s]!;
      const phase = programs.phase[s]!;
      if (phase < 0) {
        for (let g = firstGroup; g < firstGroup + groupCount; g++) {
          const code = greenCode(groupLamp[g]!);
          if (code !== t.groupState[g]) changed = true;
          t.groupState[g] = code;
        }
      } else if (phase !== shown[s]) {
        shown[s] = phase;
        changed = true;
        const { state } = program.phases[phase]!;
        for (let i = 0; i < groupCount; i++) {
          const code = state.charCodeAt(i);
          t.groupState[firstGroup + i] = code;
          groupLamp[firstGroup + i] = code === RED || code === RED_YELLOW ? 0 : code === YELLOW ? 2 : 1;
        }
      }
    }
    if (changed) t.core.showStates(segmentCount);
  };
  signals(0);
  enterDue(t, queue, 0);

  return {
    network: world.network,
    demand: t.demand,
    stepSeconds: dt,
    state: t.state,
    crossings,
    groupLamp,
    traffic: t,
    programs,
    get tick() {
      return t.step;
    },
    get vehicleUpdates() {
      return updates;
    },
    waitingToEnter: () => queue.pending.length,
    step() {
      const { core, state } = t;
      t.step = core.beginStep();
      const now = t.step * dt;
      updates += state.activeCount;
      signals(now);
      const left = core.drive(state.activeCount, now);
      if (left < 0) throw new RangeError(tooMany(t));
      state.activeCount = left;
      state.arrivalCount = core.arrivalCount.value;
      programs.noteMoves(now);
      core.changeAll(t.roadEnds);
      enterDue(t, queue, now);
      programs.noteChanges(now);
    },
  };
}

function tooMany({ state, mostAtATime }: Traffic): string {
  return `${state.activeCount} vehicles are in the network at a time, and more junctions lie ahead of them than there is room to note (${mostAtATime} vehicles). Split the network, or join lanes that are shorter than a metre.`;
}

/**
 * What a group shows that is only known to be red, green or yellow: a green that yields to whom it must. From 32 on it is
 * the character code of a state itself.
 */
function greenCode(lamp: number): number {
  if (lamp >= 32) return lamp;
  return lamp === 0 ? RED : lamp === 2 ? YELLOW : 'g'.charCodeAt(0);
}
