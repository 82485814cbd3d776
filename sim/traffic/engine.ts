/** The traffic engine: moves the demand's vehicles through a network, one tick at a time. */
import type { Demand, Engine, LinkStretches, Network } from '../core.ts';
import { cityFlowDriving } from './cityflow-driving.ts';
import { calibratedHeadways } from './calibration.ts';
import { enterMoving, queueDue } from './entry.ts';
import { idmStep } from './idm-step.ts';
import { GRIDLOCK_SECONDS, gridlockWatch } from './gridlock.ts';
import { manoeuvres } from './manoeuvres.ts';
import { carryOutMoves, commit } from './moves.ts';
import { restoreAllOrder, slideAside } from './tracks.ts';
import { createWorld, type World } from './world.ts';

export interface EngineOptions {
  /** Duration of a tick, s; above 0 and at most 2. */
  readonly stepSeconds: number;
  /** The engine draws nothing at random: whatever is random lies in the demand. Kept for models that will. */
  readonly seed: number;
  /** Look at segments in the opposite order. Must not change anything; tests say so. */
  readonly backwards?: boolean;
  /** Where people cross links; IDM classes yield to them. */
  readonly people?: LinkStretches;
}

/** IDM is integrated in substeps no longer than this, so that its behaviour hardly depends on the tick, s. */
const LONGEST_SUBSTEP = 0.25;

/**
 * An engine at time 0 with an empty network. CityFlow classes move as in CityFlow, in steps of a tick; our own classes in
 * substeps. Throws RangeError where network, demand or step do not fit.
 */
export function createEngine(network: Network, demand: Demand, options: EngineOptions): Engine {
  const { stepSeconds } = options;
  if (!(stepSeconds > 0 && stepSeconds <= 2)) {
    throw new RangeError(`stepSeconds is ${stepSeconds}; more than 0 and at most 2. Choose a step of 0.1 to 1 s.`);
  }
  checkDemand(network, demand);
  const w = createWorld(network, demand, stepSeconds, calibratedHeadways(network, demand), options.seed);
  const isCityFlow = demand.classes.some(({ model }) => model === 'cityflow');
  const { move, ...found } = isCityFlow ? movesAsInCityFlow(w) : movesAsOurs(w, options.people);

  function step(): void {
    w.crossings.count = 0;
    if (options.backwards === true) w.activeSegments.subarray(0, w.activeSegmentCount).reverse();
    move();
    w.tick++;
  }

  return {
    network,
    demand,
    stepSeconds,
    state: w.state,
    crossings: w.crossings,
    groupLamp: w.groupLamp,
    ways: { next: w.nextSegment, previous: w.previousSegment },
    get tick() {
      return w.tick;
    },
    get vehicleUpdates() {
      return w.vehicleUpdates;
    },
    waitingToEnter: () => w.waiting,
    ...found,
    notes: w.headways.notes,
    step,
  };
}

type Moving = Pick<Engine, 'standing' | 'gridlock'> & { move(): void };

function movesAsInCityFlow(w: World): Moving {
  const move = cityFlowDriving(w);
  return {
    move,
    standing: { on: w.standing, segments: w.activeSegments, segmentCount: () => w.activeSegmentCount },
  };
}

function movesAsOurs(w: World, people: LinkStretches | undefined): Moving {
  const { stepSeconds } = w;
  const { shared } = w.tracks;
  const substeps = Math.ceil(stepSeconds / LONGEST_SUBSTEP - 1e-9);
  const substepSeconds = stepSeconds / substeps;
  const decideEvery = Math.max(1, Math.round(1 / substepSeconds));
  const drive = idmStep(w, people);
  const decide = manoeuvres(w);
  const watch = gridlockWatch(w);

  function substep(begin: number, end: number, isFirst: boolean): void {
    w.stepNumber++;
    drive(begin, substepSeconds);
    carryOutMoves(w);
    commit(w, stepSeconds, isFirst);
    if (shared) restoreAllOrder(w);
    if (w.stepNumber % decideEvery === 0) decide(end);
    queueDue(w, end);
    enterMoving(w, begin, end);
  }

  return {
    gridlock: watch.gridlock,
    move() {
      const now = w.tick * stepSeconds;
      const after = (w.tick + 1) * stepSeconds;
      w.vehicleUpdates += w.state.activeCount;
      for (let i = 0; i < substeps; i++) {
        substep(now + i * substepSeconds, i + 1 === substeps ? after : now + (i + 1) * substepSeconds, i === 0);
      }
      if (shared) slideAside(w, stepSeconds);
      if (Math.floor(after / GRIDLOCK_SECONDS) > Math.floor(now / GRIDLOCK_SECONDS)) watch.look(after);
    },
  };
}

function checkDemand(network: Network, demand: Demand): void {
  const foreign = demand.classes.find(({ model }) => model !== 'cityflow' && model !== 'idm');
  if (foreign !== undefined) {
    throw new RangeError(
      `Class ${foreign.name} moves by the model ${foreign.model}; this engine knows cityflow and idm. Use the engine of sim/traffic-sumo.`,
    );
  }
  const cityFlow = demand.classes.filter(({ model }) => model === 'cityflow');
  if (cityFlow.length > 0 && cityFlow.length < demand.classes.length) {
    throw new RangeError(
      `Class ${cityFlow[0]!.name} moves as in CityFlow and others do not. Give all classes the model cityflow, or this one the model idm with the law cityflow.`,
    );
  }
  for (let v = 0; v < demand.count; v++) {
    const route = network.routes[demand.route[v]!];
    if (route === undefined) {
      throw new RangeError(`Vehicle ${v} has route ${demand.route[v]}; the network has ${network.routes.length}.`);
    }
    if (demand.vehicleClass[v]! >= demand.classes.length) {
      throw new RangeError(`Vehicle ${v} has class ${demand.vehicleClass[v]}; there are ${demand.classes.length}.`);
    }
    const lane = demand.entryLane[v]!;
    const mayChange = demand.classes[demand.vehicleClass[v]!]!.model === 'idm';
    const { road } = network.tables!;
    const isUsable = route.lanes[0]!.includes(lane) || (mayChange && road[lane] === road[route.lanes[0]![0]!]);
    if (lane !== -1 && !isUsable) {
      throw new RangeError(`Vehicle ${v} enters by lane ${lane}, which its route "${route.name}" cannot use.`);
    }
    if (v > 0 && demand.departSeconds[v]! < demand.departSeconds[v - 1]!) {
      throw new RangeError(
        `Vehicle ${v} departs before vehicle ${v - 1}; the demand must be in the order of departure.`,
      );
    }
  }
}
