import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SHIPPED_SCENARIOS } from '../../scenarios/list.ts';
import { loadScenario } from '../../scenarios/load.ts';
import { readSumoNet } from '../../sim/network/sumo/net.ts';
import { sumoStages } from '../../sim/network/sumo/configuration.ts';
import { runVariants } from '../runner.ts';
import { openSource } from '../source.ts';
import { exportCityFlow } from './cityflow.ts';
import { exportScenario, type ExportedFiles, writeExport } from './export.ts';
import { phasesOf } from './programs.ts';

const SHARED = process.env.FLEXTRAFF_SHARED ?? '../shared';
const cityflow = (name: string) => join(SHARED, 'data', 'cityflow', name);
const hasSumo = spawnSync('sumo', ['--version']).status === 0;
const scenarioOf = (name: string) => loadScenario(join(SHIPPED_SCENARIOS, `${name}.yaml`));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flextraff-export-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const textOf = (exported: ExportedFiles, ending: string) =>
  exported.files[Object.keys(exported.files).find((name) => name.endsWith(ending))!]!;

describe('a scenario as SUMO files', () => {
  it.each(['t-junction', 'mumbai-four-way', 'hangzhou-kn-hz'])('%s is read again as it is', async (name) => {
    const scenario = await scenarioOf(name);
    const net = readSumoNet(textOf(exportScenario(scenario, 1), '.net.xml'), 'x.net.xml');
    expect(net.notices).toEqual([]);
    expect(net.lefthand).toBe(scenario.drivingSide === 'left');
    const junction = scenario.junctions[0]!.name;
    const { configured, linkIndices } = sumoStages(net, junction, name, 'program');
    const own = scenario.junctions[0]!.configuration;
    expect(linkIndices).toHaveLength(scenario.junctions[0]!.movements.flatMap(({ connections }) => connections).length);
    expect(configured.configuration!.localPlan.map(({ greenSeconds }) => greenSeconds)).toEqual(
      own.localPlan.map(({ greenSeconds }) => greenSeconds),
    );
    const seconds = phasesOf(own).reduce((sum, phase) => sum + phase.seconds, 0);
    const again = net.programs
      .get(junction)!
      .at(-1)!
      .phases.reduce((sum, phase) => sum + phase.durationSeconds, 0);
    expect(again).toBeCloseTo(seconds, 6);
  });

  it('never shows green to two links that meet unless one yields', async () => {
    for (const name of ['t-junction', 'mumbai-four-way', 'hangzhou-kn-hz']) {
      const net = readSumoNet(textOf(exportScenario(await scenarioOf(name), 1), '.net.xml'), 'x.net.xml');
      const { requests } = net.junctions.find(({ type }) => type === 'traffic_light')!;
      for (const { state } of [...net.programs.values()][0]!.at(-1)!.phases) {
        requests.forEach(({ foes }, link) => {
          for (const foe of foes) expect([state, link, foe, `${state[link]}${state[foe]}`]).not.toContain('GG');
        });
      }
      requests.forEach(({ foes, yieldsTo }, link) => {
        for (const foe of foes) {
          expect(requests[foe]!.foes).toContain(link);
          expect(yieldsTo.includes(foe) !== requests[foe]!.yieldsTo.includes(link)).toBe(true);
        }
      });
    }
  });

  it('has the same vehicles for the same seed, and names that SUMO takes', async () => {
    const scenario = { ...(await scenarioOf('t-junction')), name: 'a b/c:"<&' };
    const one = exportScenario(scenario, 3);
    expect(one).toEqual(exportScenario(scenario, 3));
    expect(Object.keys(one.files)).toEqual([
      'a_b_c____.sumocfg',
      'a_b_c____.net.xml',
      'a_b_c____.rou.xml',
      'a_b_c____.people.rou.xml',
    ]);
    expect(textOf(one, '.rou.xml')).not.toBe(textOf(exportScenario(scenario, 4), '.rou.xml'));
  });
});

interface Trips {
  readonly inserted: number;
  readonly durationSeconds: number;
  readonly complaints: readonly string[];
}

/** What the real SUMO makes of the files. */
function bySumo(configuration: string): Trips {
  const { status, stderr, stdout } = spawnSync(
    'sumo',
    ['-c', configuration, '--no-step-log', '--duration-log.statistics', '--seed', '1', '--xml-validation', 'never'],
    { encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  return {
    inserted: Number(/Inserted: (\d+)/.exec(stdout)?.[1]),
    durationSeconds: Number(/Duration: ([\d.]+)\n Waiting/.exec(stdout)?.[1] ?? /TimeLoss: ([\d.]+)/.exec(stdout)?.[1]),
    complaints: stderr.split('\n').filter((line) => /Warning|Error/.test(line) && !line.includes('SUMO_HOME')),
  };
}

describe.skipIf(!hasSumo)(`run by SUMO${hasSumo ? '' : ', which is not there'}`, () => {
  it.each(['t-junction', 'mumbai-four-way', 'hangzhou-kn-hz'])(
    '%s: without a complaint, with all vehicles',
    async (name) => {
      const scenario = { ...(await scenarioOf(name)), durationSeconds: 900, stepSeconds: 1, pedestrians: [] };
      const exported = exportScenario(scenario, 1);
      const [configuration] = await writeExport(exported, folder);
      const peer = bySumo(configuration!);
      expect(peer.complaints).toEqual([]);
      expect(peer.inserted).toBeGreaterThanOrEqual(exported.vehicles - 3);
      const { variants } = await runVariants({ source: await openSource(configuration!) });
      const { vehicles } = variants.baseline!;
      expect(vehicles.demanded).toBe(exported.vehicles);
      expect(Math.abs(vehicles.inserted - peer.inserted)).toBeLessThanOrEqual(3);
    },
  );

  it('is a network that netconvert reads', async () => {
    await writeExport(exportScenario(await scenarioOf('mumbai-four-way'), 1), folder);
    const args = [
      '-s',
      join(folder, 'mumbai-four-way.net.xml'),
      '-o',
      join(folder, 'again.net.xml'),
      '--xml-validation',
      'never',
    ];
    expect(execFileSync('netconvert', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toContain(
      'Success',
    );
  });

  const jinan = cityflow('jinan-3x4');
  it.skipIf(!existsSync(jinan))('a CityFlow folder too, by the cycle of its light plan', async () => {
    const source = await openSource(jinan, { untilSeconds: 300 });
    const exported = exportCityFlow(source.files as Parameters<typeof exportCityFlow>[0]);
    const [configuration] = await writeExport(exported, folder);
    const peer = bySumo(configuration!);
    expect(peer.complaints.filter((line) => !line.includes('emergency braking'))).toEqual([]);
    expect(peer.inserted).toBeGreaterThan(0.9 * exported.vehicles);
  });
});
