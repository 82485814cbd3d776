import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SHIPPED_SCENARIOS } from '../../scenarios/list.ts';
import { loadScenario, parseScenario } from '../../scenarios/load.ts';
import type { Scenario } from '../../scenarios/types.ts';
import { readSumoNet } from '../../sim/network/sumo/net.ts';
import { openStreet } from '../../sim/street.ts';
import { exportScenario, writeExport } from './export.ts';
import { phasesOf, plansOf } from './programs.ts';

const hasSumo = spawnSync('sumo', ['--version']).status === 0;
const shipped = (name: string) => loadScenario(join(SHIPPED_SCENARIOS, `${name}.yaml`));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flextraff-people-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const numbers = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => Number(match[1]));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('crossings and people in SUMO files', () => {
  it('stand in the state of the signal, in the requests and in the routes, one by one', async () => {
    const scenario = { ...(await shipped('turns-over-crossings')), durationSeconds: 600 };
    const exported = exportScenario(scenario, 1);
    const files = Object.entries(exported.files);
    const people = files.find(([name]) => name.endsWith('.people.rou.xml'))![1];
    expect(people.match(/<person /g)).toHaveLength(exported.people);
    expect(exported.people).toBeGreaterThan(50);
    const text = files.find(([name]) => name.endsWith('.net.xml'))![1];
    const net = readSumoNet(text, 'x.net.xml');
    expect(net.notices).toEqual([]);
    const { requests } = net.junctions.find(({ type }) => type === 'traffic_light')!;
    const { crossings, movements } = scenario.junctions[0]!;
    const links = movements.flatMap(({ connections }) => connections).length;
    expect(requests).toHaveLength(links + crossings.length);
    for (const { state } of [...net.programs.values()][0]!.at(-1)!.phases) {
      expect(state).toHaveLength(requests.length);
      requests.forEach(({ foes, yieldsTo }, index) => {
        for (const foe of foes) expect(`${state[index]}${state[foe]}`).not.toBe('GG');
        // nobody on foot yields to those who drive
        if (index >= links) expect(yieldsTo).toEqual([]);
      });
    }
  });

  it('walk as long as the lamp device lets them, and clear before what crosses them begins', async () => {
    const { configuration } = (await shipped('four-way-crossings')).junctions[0]!;
    const phases = phasesOf(configuration);
    const walks = configuration.signalGroups.flatMap(({ kind, clearanceSeconds }, g) =>
      kind === 'pedestrian' ? [{ g, clearanceSeconds }] : [],
    );
    const begins: number[] = [];
    let now = 0;
    for (const { seconds } of phases) {
      begins.push(now);
      now += seconds;
    }
    for (const { g, clearanceSeconds } of walks) {
      const end = Math.max(
        ...phases.flatMap(({ lamps, seconds }, p) => (lamps[g] === 1 ? [begins[p]! + seconds] : [])),
      );
      configuration.conflicts[g]!.forEach((conflicts, other) => {
        if (!conflicts) return;
        const starts = phases.flatMap(({ lamps }, p) =>
          lamps[other] === 1 && phases.at(p - 1)!.lamps[other] !== 1 ? [begins[p]!] : [],
        );
        for (const start of starts) {
          const after = (((start - end) % now) + now) % now;
          expect(after).toBeGreaterThanOrEqual(clearanceSeconds - 0.001);
        }
      });
    }
  });
});

describe('plans by the clock', () => {
  const clocked = (): Scenario => {
    const text = `
version: 1
drivingSide: right
startsAt: 2024-01-15T06:50:00
timeZone: Europe/Berlin
durationSeconds: 1800
junctions:
  - name: clock
    latitude: 50
    longitude: 10
    approaches:
      - { name: N, lanes: [{ movements: [straight] }] }
      - { name: S, lanes: [{ movements: [straight] }] }
      - { name: E, lanes: [{ movements: [straight] }] }
      - { name: W, lanes: [{ movements: [straight] }] }
    signals:
      offsetSeconds: 7
      stages:
        - { id: ns, groups: [N-straight, S-straight], greenSeconds: 20 }
        - { id: ew, groups: [E-straight, W-straight], greenSeconds: 30 }
      plans:
        - { startsAt: "00:00", stages: [{ id: ns, greenSeconds: 20 }, { id: ew, greenSeconds: 30 }] }
        - { startsAt: "07:00", offsetSeconds: 11, stages: [{ id: ns, greenSeconds: 40 }, { id: ew, greenSeconds: 20 }] }
demand:
  flows: [{ approach: N, movement: straight, vehiclesPerHour: 300 }, { approach: E, movement: straight, vehiclesPerHour: 300 }]
variants: [{ name: baseline, strategy: fixed-time }]
`;
    const { scenario, issues } = parseScenario(text, 'clock.yaml');
    if (scenario === undefined) throw new Error(JSON.stringify(issues));
    return scenario;
  };

  it('begin at their offset on the clock, and change at their time of day', () => {
    const { junctions, startsAtMs } = clocked();
    const { programs, switches } = plansOf(junctions[0]!.configuration, startsAtMs, 1800);
    expect(switches).toEqual([{ atSeconds: 600, program: 'plan-1' }]);
    expect(programs.map(({ id }) => id)).toEqual(['plan-1', 'plan-0']);
    for (const [program, offset] of [
      [programs[1]!, 7],
      [programs[0]!, 11],
    ] as const) {
      const cycle = program.phases.reduce((sum, { seconds }) => sum + seconds, 0);
      expect((startsAtMs / 1000 + program.offsetSeconds - offset) % cycle).toBeCloseTo(0, 6);
    }
  });

  it.skipIf(!hasSumo)(`are what SUMO shows${hasSumo ? '' : ' (sumo is not there)'}`, async () => {
    const scenario = clocked();
    const [configuration] = await writeExport(exportScenario(scenario, 1), folder);
    const states = join(folder, 'states.xml');
    const additional = join(folder, 'states.add.xml');
    writeFileSync(
      additional,
      `<additional><timedEvent type="SaveTLSStates" source="clock" dest="${states}"/></additional>`,
    );
    const args = ['-c', configuration!, '-a', additional, '--no-step-log', '--xml-validation', 'never'];
    execFileSync('sumo', args, { stdio: 'ignore' });
    const seen = readFileSync(states, 'utf8');
    expect(new Set([...seen.matchAll(/programID="([^"]+)"/g)].map((match) => match[1]))).toEqual(
      new Set(['plan-0', 'plan-1']),
    );
    const at = (second: number) =>
      new RegExp(`time="${second}.00" id="clock" programID="([^"]+)" .*state="([^"]+)"`).exec(seen)!;
    expect(at(599)[1]).toBe('plan-0');
    expect(at(601)[1]).toBe('plan-1');
    // cycles begin 11 s after multiples of their length since 1970
    const { programs } = plansOf(scenario.junctions[0]!.configuration, scenario.startsAtMs, 1800);
    const { offsetSeconds, phases } = programs[0]!;
    const cycle = phases.reduce((sum, { seconds }) => sum + seconds, 0);
    const begin = offsetSeconds + cycle * Math.ceil((700 - offsetSeconds) / cycle);
    const first = at(Math.ceil(begin))[2];
    expect(at(Math.floor(begin) - 1)[2]).not.toBe(first);
    expect(at(Math.ceil(begin + cycle))[2]).toBe(first);
  });
});

describe.skipIf(!hasSumo)(`people walk in SUMO${hasSumo ? '' : ', which is not there'}`, () => {
  it.each(['four-way-crossings', 'turns-over-crossings'])('%s: as long as they wait here', async (name) => {
    const scenario = { ...(await shipped(name)), durationSeconds: 1200, warmUpSeconds: 0 };
    const exported = exportScenario(scenario, 1);
    const [configuration] = await writeExport(exported, folder);
    const trips = join(folder, 'trips.xml');
    const args = ['-c', configuration!, '--tripinfo-output', trips, '--no-step-log', '--xml-validation', 'never'];
    const { status, stderr } = spawnSync('sumo', args, { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    // hard braking before people is told; nobody collides, nobody is missing
    expect(
      stderr.split('\n').filter((line) => /Warning|Error/.test(line) && !/emergency braking|SUMO_HOME/.test(line)),
    ).toEqual([]);
    const text = readFileSync(trips, 'utf8');
    const bySumo = numbers(text, /<walk [^>]*timeLoss="([\d.]+)"/g);
    expect(bySumo.length).toBeGreaterThan(0.9 * exported.people);
    const street = openStreet(
      { kind: 'scenario', scenario },
      { seed: 1, variant: { name: 'a', strategy: 'fixed-time' }, prefix: 'flextraff-sim/test/a' },
    );
    while (street.tick * street.stepSeconds < scenario.durationSeconds) street.step();
    const { pedestrians } = street.result();
    expect(Math.abs(mean(bySumo) / pedestrians!.delaySeconds.mean! - 1)).toBeLessThan(0.15);
  });
});

describe.skipIf(!hasSumo)(`junctions without signals${hasSumo ? '' : ' (sumo is not there)'}`, () => {
  it.each([
    ['rule: yield, major: [E, W]', 'priority'],
    ['rule: stop, major: [E, W]', 'priority_stop'],
    ['rule: all-way-stop', 'allway_stop'],
  ])('%s: SUMO runs it as %s, without a complaint', async (rule, type) => {
    const arm = (name: string) =>
      `      - { name: ${name}, exitLanes: 1, lanes: [{ movements: [left, straight, right] }] }`;
    const text = `
version: 1
drivingSide: right
durationSeconds: 900
stepSeconds: 1
junctions:
  - name: J
    latitude: 50
    longitude: 10
    approaches:
${['N', 'E', 'S', 'W'].map(arm).join('\n')}
    rightOfWay: { ${rule} }
demand:
  flows:
${['N', 'E', 'S', 'W'].map((name) => `    - { approach: ${name}, movement: straight, vehiclesPerHour: 150 }`).join('\n')}
    - { approach: S, movement: left, vehiclesPerHour: 60 }
variants: [{ name: baseline, strategy: fixed-time }]
`;
    const { scenario } = parseScenario(text, 'j.yaml');
    const exported = exportScenario(scenario!, 1);
    const [configuration] = await writeExport(exported, folder);
    expect(Object.values(exported.files).join('')).toContain(`type="${type}"`);
    const args = ['-c', configuration!, '--no-step-log', '--duration-log.statistics', '--xml-validation', 'never'];
    const { status, stderr, stdout } = spawnSync('sumo', args, { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    expect(stderr.split('\n').filter((line) => /Warning|Error/.test(line) && !line.includes('SUMO_HOME'))).toEqual([]);
    expect(Number(/Inserted: (\d+)/.exec(stdout)![1])).toBeGreaterThan(exported.vehicles - 5);
  });
});
