/** `stageSet=all`: what is added to the stages that a scenario lists. */
import { describe, expect, it } from 'vitest';
import { unlistedSets } from '../junction/conflict-free.ts';
import { checkConfiguration } from '../junction/interlock.ts';
import { scenarioFor } from './all-stages.ts';
import { scenarioFiles } from './list.ts';
import { leastGreenSeconds } from './signal-times.ts';
import { shippedScenario } from './testing.ts';

const ALL = { stageSet: 'all' };

describe.each([...(await scenarioFiles()).keys()])('all stages of %s', async (name) => {
  const scenario = await shippedScenario(name);
  const pairs = scenarioFor(scenario, ALL).junctions.map(({ configuration }, j) => {
    const { configuration: listed, greenBounds } = scenario.junctions[j]!;
    return { listed, configuration, greenBounds, added: configuration.stages.slice(listed.stages.length) };
  });

  it('come after those that are listed, which stay as they are, plans too', () => {
    for (const { listed, configuration } of pairs) {
      const { stages, version, ...rest } = configuration;
      const { stages: before, version: versionBefore, ...restBefore } = listed;
      expect(stages.slice(0, before.length)).toEqual(before);
      expect(rest).toEqual(restBefore);
      expect(version).toBe(stages.length > before.length ? versionBefore + 1 : versionBefore);
    }
  });

  it('are carried out by the device, and none lacks: junctions that have them get no more', () => {
    for (const { configuration } of pairs) {
      expect(checkConfiguration(configuration)).toEqual([]);
      if (configuration.stages.length > 0) expect(unlistedSets(configuration)).toEqual([]);
    }
  });

  it('have no two groups that conflict, and every vehicle group that could join', () => {
    for (const { configuration, added } of pairs) {
      const { signalGroups, conflicts } = configuration;
      for (const { groups } of added) {
        const isGreen = signalGroups.map(({ id }) => groups.includes(id));
        const isFree = (g: number) => !isGreen.some((green, other) => green && conflicts[g]![other]);
        signalGroups.forEach(({ kind }, g) => {
          if (isGreen[g]) expect(isFree(g)).toBe(true);
          else if (kind === 'vehicle') expect(isFree(g)).toBe(false);
        });
      }
    }
  });

  it('are green as long as the signals say and walks need', () => {
    for (const { configuration, added, greenBounds } of pairs) {
      for (const stage of added) {
        const walk = leastGreenSeconds(configuration, configuration.stages.indexOf(stage));
        expect(stage.minGreenSeconds).toBeGreaterThanOrEqual(Math.max(greenBounds!.minSeconds, walk));
        expect(stage.maxGreenSeconds).toBeGreaterThanOrEqual(stage.minGreenSeconds);
      }
    }
  });

  it('are nowhere without being asked for', () => {
    expect(scenarioFor(scenario)).toBe(scenario);
    expect(scenarioFor(scenario, { stageSet: 'listed' })).toBe(scenario);
    expect(scenarioFor(scenario, ALL)).toBe(scenarioFor(scenario, ALL));
  });
});

describe('names of stages', () => {
  it('are their groups', async () => {
    const { stages } = scenarioFor(await shippedScenario('t-junction'), ALL).junctions[0]!.configuration;
    expect(stages.map(({ id }) => id)).toEqual([
      'main',
      'into-side',
      'out-of-side',
      'S-left+S-right+E-straight+W-right',
      'S-right+E-left+E-straight+W-right',
      'S-right+E-straight+W-straight+W-right',
    ]);
  });
});
