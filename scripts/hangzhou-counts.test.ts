import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { shippedScenario } from '../scenarios/testing.ts';
import { countMovements, recordingFolder, scenarioFile, withCounts } from './hangzhou-counts.ts';

describe('the counts of the Hangzhou hour', () => {
  it.skipIf(!existsSync(recordingFolder()))('has the counts of the recording (needs the shared data)', async () => {
    const counts = countMovements(recordingFolder());
    const text = await readFile(scenarioFile, 'utf8');
    expect(withCounts(text, counts)).toBe(text);
    const scenario = await shippedScenario('hangzhou-kn-hz');
    expect(scenario.demand.map(({ movement, vehicles: count }) => ({ movement, count }))).toEqual(
      counts.map(({ approach, movement, vehicles: count }) => ({ movement: `${approach}-${movement}`, count })),
    );
  });

  it('are written between their marks only', async () => {
    const text = await readFile(scenarioFile, 'utf8');
    const other = withCounts(text, [{ approach: 'N', movement: 'left', vehicles: [1, 2] }]);
    expect(other).toContain('    - { approach: N, movement: left, vehicles: [1, 2] }\n    # Counts, end');
    expect(other.split('flows:')[0]).toBe(text.split('flows:')[0]);
    expect(() => withCounts('version: 1', [])).toThrow(/lacks the lines/);
  });
});
