import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkConfiguration } from '../junction/interlock.ts';
import { loadScenario, ScenarioError } from './load.ts';
import { changed, EXAMPLE, sound } from './testing.ts';

describe('a sound file', () => {
  it('is loaded with its defaults filled in', () => {
    const scenario = sound(EXAMPLE, 'folder/cross-town.yaml');
    expect(scenario.name).toBe('cross-town');
    expect(scenario).toMatchObject({
      startsAtMs: Date.UTC(2024, 0, 1),
      timeZone: 'UTC',
      stepSeconds: 0.5,
      warmUpSeconds: 0,
      seeds: [1],
      saturationFlowPerHourPerLane: 1800,
      detection: { tagShare: 1, missProbability: 0, rereadSeconds: 5, windowSeconds: 10 },
    });
    const { configuration } = scenario.junctions[0]!;
    expect(configuration.maxWaitSeconds).toBe(300);
    expect(configuration.stages[0]).toEqual({
      id: 'ns',
      groups: ['N-straight', 'N-right', 'S-straight', 'S-right'],
      minGreenSeconds: 6,
      maxGreenSeconds: 90,
    });
    expect(configuration.localPlan.map((entry) => entry.greenSeconds)).toEqual([30, 10, 12, 12]);
    expect(checkConfiguration(configuration)).toEqual([]);
    expect(scenario.demand[1]).toEqual({
      junction: 'cross',
      approach: 'E',
      movement: 'E-left',
      periodSeconds: 1800,
      vehicles: [30],
      arrivals: 'poisson',
    });
    expect(scenario.vehicleClasses.map(({ name, share, pcu }) => [name, share, pcu])).toEqual([
      ['car', 0.8, 1],
      ['bus', 0.2, 1.6],
    ]);
    expect(scenario.variants[1]!.parameters).toEqual({ horizonSeconds: 60 });
  });

  it('gets the same ids each time, and others under another name', () => {
    const [a, b, c] = [sound(EXAMPLE, 'a.yaml'), sound(EXAMPLE, 'a.yaml'), sound(EXAMPLE, 'c.yaml')];
    expect(a).toEqual(b);
    expect(a.junctions[0]!.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(c.junctions[0]!.id).not.toBe(a.junctions[0]!.id);
    const ids = [a.junctions[0]!.id, ...a.junctions[0]!.approaches.map((approach) => approach.id)];
    expect(new Set(ids).size).toBe(5);
    expect(a.junctions[0]!.configuration.intersectionId).toBeGreaterThan(65_535);
  });

  it('lists N, S, E, W first whatever the order of the file', () => {
    const turned = changed(
      ['      - { name: N, lanes: [{ movements: [left] }, { movements: [straight, right] }] }\n', ''],
      [
        '    signalGroups:',
        '      - { name: N, lanes: [{ movements: [left] }, { movements: [straight, right] }] }\n    signalGroups:',
      ],
    );
    const junction = sound(turned).junctions[0]!;
    expect(junction.approaches.map((approach) => approach.name)).toEqual(['N', 'S', 'E', 'W']);
    expect(junction.configuration).toEqual(sound(EXAMPLE).junctions[0]!.configuration);
  });

  it('takes local time, and time with an offset', () => {
    const at = (startsAt: string, zone: string) => {
      const text = changed(['drivingSide', `startsAt: ${startsAt}\ntimeZone: ${zone}\ndrivingSide`]);
      return new Date(sound(text).startsAtMs).toISOString();
    };
    expect(at('2018-04-16T07:00:00', 'Asia/Shanghai')).toBe('2018-04-15T23:00:00.000Z');
    expect(at('2024-07-01T08:30', 'Europe/Berlin')).toBe('2024-07-01T06:30:00.000Z');
    expect(at('2024-01-01T08:30:00+05:30', 'Asia/Kolkata')).toBe('2024-01-01T03:00:00.000Z');
    expect(at('2024-01-01T08:30:00Z', 'America/New_York')).toBe('2024-01-01T08:30:00.000Z');
  });

  it('raises the longest wait with the longest cycle', () => {
    const text = changed(['maxCycleSeconds: 120', 'maxCycleSeconds: 200']);
    expect(sound(text).junctions[0]!.configuration.maxWaitSeconds).toBe(400);
  });
});

describe('loadScenario', () => {
  it('reads a file, and throws all its mistakes at once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'scenario-'));
    const good = join(folder, 'good.yaml');
    const bad = join(folder, 'bad.yaml');
    await writeFile(good, EXAMPLE);
    await writeFile(bad, changed(['version: 1', 'version: 3'], ['share: 0.2', 'share: 0.3']));
    expect((await loadScenario(good)).name).toBe('good');
    const error = await loadScenario(bad).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ScenarioError);
    expect((error as ScenarioError).issues).toHaveLength(2);
    expect((error as ScenarioError).message.split('\n')).toHaveLength(2);
    expect((error as ScenarioError).message).toContain(`${bad}:1:10 version is 3`);
  });

  it('says so where there is no file', async () => {
    await expect(loadScenario('/nowhere/x.yaml')).rejects.toThrow(/There is no such file/);
    await expect(loadScenario(tmpdir())).rejects.toThrow(/This is not a file/);
  });
});
