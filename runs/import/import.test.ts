import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHIPPED_SCENARIOS } from '../../scenarios/list.ts';
import { loadScenario, parseScenario } from '../../scenarios/load.ts';
import type { Scenario } from '../../scenarios/types.ts';
import { readSumoNet } from '../../sim/network/sumo/net.ts';
import { readSumoRoutes } from '../../sim/network/sumo/routes.ts';
import { openSource } from '../source.ts';
import { exportScenario } from '../sumo-export/export.ts';
import { NotRepresentable } from './ground.ts';
import { cityFlowModel, sumoModel } from './peers.ts';
import { type Imported, importScenario } from './scenario.ts';

const SHARED = process.env.FLEXTRAFF_SHARED ?? '../shared';
const shared = join(SHARED, 'data');
const missing = !existsSync(shared);

const scenarioOf = (name: string) => loadScenario(join(SHIPPED_SCENARIOS, `${name}.yaml`));

const asItIs = (text: string) => text;

/** A scenario written for SUMO and read again; `edit` and `editRoutes` change the files' texts on the way. */
function throughSumo(scenario: Scenario, edit = asItIs, editRoutes = asItIs): Imported {
  const { files } = exportScenario(scenario, 1, false);
  const [, netName, routesName] = Object.keys(files);
  const net = readSumoNet(edit(files[netName!]!), netName!);
  const routes = readSumoRoutes(editRoutes(files[routesName!]!), routesName!, net);
  const sumo = {
    name: scenario.name,
    net,
    routes: [routes],
    beginSeconds: 0,
    stepSeconds: 1,
    ballistic: false,
    notices: [],
  };
  const source = { kind: 'sumo', files: sumo, durationSeconds: scenario.durationSeconds } as const;
  return importScenario(sumoModel(source, 'a test'), 'again.yaml', false);
}

function loaded(imported: Imported): Scenario {
  expect(imported.issues).toEqual([]);
  const { scenario, issues } = parseScenario(imported.yaml, 'again.yaml');
  expect(issues).toEqual([]);
  return scenario!;
}

const plan = (scenario: Scenario) =>
  scenario.junctions[0]!.configuration.localPlan.map(({ greenSeconds }) => greenSeconds);
const demanded = (scenario: Scenario) =>
  scenario.demand.reduce((sum, { vehicles }) => sum + vehicles.reduce((a, b) => a + b, 0), 0);

describe('a scenario that went through SUMO', () => {
  it('is vehicle-actuated where its programs are, by the gaps of the file', async () => {
    const scenario = await scenarioOf('t-junction');
    const [baseline] = loaded(throughSumo(scenario)).variants;
    expect(baseline).toMatchObject({ strategy: 'fixed-time', parameters: {} });
    const actuated = (gap: string) => (net: string) =>
      net
        .replace('type="static"', 'type="actuated"')
        .replace(/<phase duration="(\d+)"( state="[^"]*G)/g, '<phase duration="$1" minDur="5" maxDur="60"$2')
        .replace('</tlLogic>', `${gap}</tlLogic>`);
    const of = (gap: string) => loaded(throughSumo(scenario, actuated(gap))).variants[0];
    // a gap of 3 s at loops 2 s before the line
    expect(of('')).toMatchObject({ strategy: 'actuated', parameters: { passageSeconds: 1 } });
    expect(of('<param key="max-gap" value="4.5"/>')).toMatchObject({ parameters: { passageSeconds: 2.5 } });
  });

  it.each(['t-junction', 'mumbai-four-way', 'hangzhou-kn-hz'])(
    '%s has its arms, lanes, plan and vehicles again',
    async (name) => {
      const scenario = await scenarioOf(name);
      const again = loaded(throughSumo(scenario));
      const [before, after] = [scenario.junctions[0]!, again.junctions[0]!];
      expect(again.drivingSide).toBe(scenario.drivingSide);
      expect(plan(again)).toEqual(plan(scenario));
      const arms = ({ approaches }: typeof before) =>
        approaches
          .map(({ bearingDegrees, lanes, exitLanes, lengthMetres, speedLimitMetresPerSecond }) => ({
            bearing: bearingDegrees,
            lanes: lanes.map(({ movements }) => movements.length),
            exits: exitLanes.length,
            length: Math.round(lengthMetres),
            speed: Math.round(speedLimitMetresPerSecond * 10),
          }))
          .sort((a, b) => a.bearing - b.bearing);
      expect(arms(after)).toEqual(arms(before));
      expect(after.movements).toHaveLength(before.movements.length);
      expect(demanded(again)).toBe(exportScenario(scenario, 1).vehicles);
      expect(again.vehicleClasses.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    },
  );

  it('is refused, with the reason, where no scenario can say it', async () => {
    const scenario = await scenarioOf('t-junction');
    expect(() =>
      throughSumo(scenario, (net) =>
        net
          .replaceAll(/<phase /g, '<!-- ')
          .replaceAll(/(state="[rgGy]+")\/>/g, '$1 -->')
          .replace(
            '</tlLogic>',
            `<phase duration="60" state="${'r'.repeat(/state="(\w+)"/.exec(net)![1]!.length)}"/></tlLogic>`,
          ),
      ),
    ).toThrow(NotRepresentable);
  });

  it('has an approach as long as the roads by which its vehicles come', async () => {
    const scenario = await scenarioOf('t-junction');
    const lane = (i: number) =>
      `<lane id="before_${i}" index="${i}" speed="13.889" length="120.00" shape="-380.50,${-4.88 + 3.25 * i} -260.50,${-4.88 + 3.25 * i}"/>`;
    const link = (i: number) =>
      `<connection from="before" to="t-junction_W" fromLane="${i}" toLane="${i}" dir="s" state="M"/>`;
    const imported = throughSumo(
      scenario,
      (net) =>
        net
          .replace(
            '<edge id="t-junction_W"',
            `<edge id="before" from="t-junction_S-exit_end" to="t-junction_W_begin">${lane(0)}${lane(1)}</edge>$&`,
          )
          .replace('</net>', `${link(0)}${link(1)}</net>`),
      (routes) => routes.replaceAll('edges="t-junction_W ', 'edges="before t-junction_W '),
    );
    const lengths = loaded(imported).junctions[0]!.approaches.map(({ lengthMetres }) => Math.round(lengthMetres));
    expect(lengths.sort()).toEqual([250, 250, 370]);
  });

  it('keeps what a scenario cannot say as notes', async () => {
    const scenario = await scenarioOf('t-junction');
    const { notes, yaml } = throughSumo(scenario, (net) => net.replaceAll(/duration="28"/g, 'duration="28.4"'));
    for (const note of notes) expect(yaml).toContain(`#   ${note}`);
    expect(notes.at(-1)).toMatch(/IDM/);
  });
});

describe.skipIf(missing)(`the shared cases${missing ? ', of which there are none here' : ''}`, () => {
  it.each(['hangzhou-1x1-kn-hz_18041607', 'jinan-3x4'])('CityFlow %s loads, with every vehicle', async (name) => {
    const { files, startsAtMs } = await openSource(join(shared, 'cityflow', name));
    const imported = importScenario(
      cityFlowModel(files as Parameters<typeof cityFlowModel>[0], name, startsAtMs),
      'again.yaml',
      true,
    );
    const scenario = loaded(imported);
    // where roads are cut, vehicles enter at each junction anew
    expect(demanded(scenario)).toBeGreaterThanOrEqual(imported.vehicles);
    expect(imported.vehicles).toBe(name.startsWith('jinan') ? 6295 : 827);
    expect(scenario.junctions.map(({ name: junction }) => junction)).toContain('intersection_1_1');
  });

  it.each([
    ['cologne1/cologne1.sumocfg', 2011],
    ['single-4leg/single80.rou.xml', 3988],
  ])('SUMO %s loads', async (path, vehicles) => {
    const file = join(shared, 'sumo', path);
    const sumo = path.endsWith('.sumocfg')
      ? undefined
      : { net: join(shared, 'sumo/single-4leg/single.net.xml'), routes: [file] };
    const { files } = await openSource(file, { ...(sumo && { sumo }) });
    const imported = importScenario(sumoModel(files as Parameters<typeof sumoModel>[0], path), 'again.yaml', false);
    loaded(imported);
    expect(imported.vehicles).toBe(vehicles);
  });
});
