/**
 * What detectors alone know of who is in which lane, against what there was: `horizon` steers SUMO by its loops, and each
 * second the filter is compared with SUMO's vehicles.
 *
 *   npm run bench:sumo-estimation -- --net N --routes R --end 3600 [--seed 1 --strategy horizon]
 *   npm run bench:sumo-estimation -- CONFIG.sumocfg --record frames.jsonl     keeps what was seen and what there was
 *   npm run bench:sumo-estimation -- --replay frames.jsonl                    and tries the filter on it again
 */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { limitsOf } from '../controller/estimation/reported.ts';
import { groundOf } from '../controller/estimation/streams.ts';
import { laneTraffic, observeVehicles, type VehiclesMemory } from '../controller/estimation/vehicles.ts';
import type { JunctionConfiguration } from '../junction/types.ts';
import { parseVariant } from '../cli/variants.ts';
import { openSumoCase } from '../runs/sumo/case.ts';
import { runSumo } from '../runs/sumo/run.ts';
import { EstimationErrors, type Frame } from './sumo-estimation-errors.ts';

const OPTIONS = { upstreamSeconds: 9, smoothingSeconds: 200 };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    net: { type: 'string' },
    routes: { type: 'string' },
    end: { type: 'string' },
    seed: { type: 'string', default: '1' },
    strategy: { type: 'string', default: 'horizon' },
    record: { type: 'string' },
    replay: { type: 'string' },
  },
});

class Measured {
  private readonly ground;
  private readonly errors;
  private memory: VehiclesMemory | null = null;

  constructor(configuration: JunctionConfiguration) {
    this.ground = groundOf(configuration);
    this.errors = new EstimationErrors(this.ground, limitsOf(configuration, this.ground));
  }

  add(frame: Frame): void {
    this.memory = observeVehicles(this.ground, this.memory, frame.observation, OPTIONS);
    this.errors.add(frame, laneTraffic(this.ground, this.memory));
  }

  print(name: string): void {
    console.log(`\n${name}\n\n${this.errors.table()}\n\n${this.errors.exchanged()}`);
  }
}

const junctions = new Map<string, Measured>();
function take(configuration: JunctionConfiguration, frame: Frame): void {
  let own = junctions.get(configuration.name);
  if (own === undefined) {
    own = new Measured(configuration);
    junctions.set(configuration.name, own);
  }
  own.add(frame);
}

if (values.replay !== undefined) {
  const configurations = new Map<string, JunctionConfiguration>();
  const file = await open(values.replay);
  for await (const line of file.readLines()) {
    const { configuration, name, frame } = JSON.parse(line);
    if (configuration !== undefined) configurations.set(name, configuration);
    else take(configurations.get(name)!, frame);
  }
} else {
  const sumoCase = await openSumoCase({
    config: positionals[0],
    net: values.net,
    routes: values.routes,
    beginSeconds: undefined,
    endSeconds: values.end === undefined ? undefined : Number(values.end),
    untilSeconds: undefined,
  });
  const record = values.record === undefined ? null : createWriteStream(values.record);
  const { variants } = await runSumo({
    sumoCase,
    variants: [parseVariant(`loops=${values.strategy}`)],
    seed: Number(values.seed),
    detection: 'loops',
    stages: 'all',
    onFrame: ({ configuration, observation, truth }) => {
      const { name } = configuration;
      if (record !== null && !junctions.has(name)) record.write(`${JSON.stringify({ name, configuration })}\n`);
      record?.write(`${JSON.stringify({ name, frame: { observation, truth } })}\n`);
      take(configuration, { observation, truth });
    },
  });
  console.log(`mean delay ${variants.loops!.delaySeconds.mean?.toFixed(1)} s`);
  if (record !== null) await new Promise<void>((resolve) => record.end(() => resolve()));
}
for (const [name, measured] of junctions) measured.print(name);
