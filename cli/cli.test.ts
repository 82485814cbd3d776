import { describe, expect, it } from 'vitest';
import { TwinError } from '../runs/twin-types.ts';
import type { RunResult, VariantResult } from '../runs/types.ts';
import { ScenarioError } from '../scenarios/issues.ts';
import { explain, Refusal } from './failure.ts';
import { resultTable } from './table.ts';
import { parseVariant, parseVariants } from './variants.ts';

describe('--variant', () => {
  it('takes a name, a strategy and parameters', () => {
    expect(parseVariant('adaptive=atcs-v2,maxCycleSeconds=120,smooth=true,mode=fast,x=-1.5e2')).toEqual({
      name: 'adaptive',
      strategy: 'atcs-v2',
      parameters: { maxCycleSeconds: 120, smooth: true, mode: 'fast', x: -150 },
    });
  });

  it.each(['adaptive', '=atcs', 'Adaptive=atcs', 'a=', 'a=b,c', 'a=b,=1', 'a=b,c=', 'a=b,c=1,c=2', '1a=b'])(
    'refuses %s',
    (text) => {
      expect(() => parseVariant(text)).toThrow(Refusal);
    },
  );

  it('keeps the order and refuses a name given twice', () => {
    expect(parseVariants(['b=webster', 'a=atcs']).map((variant) => variant.name)).toEqual(['b', 'a']);
    expect(() => parseVariants(['a=webster', 'a=atcs'])).toThrow(/given twice/);
  });
});

describe('what a user is told', () => {
  it('lists every mistake of a scenario as file:line:column and exits with 2', () => {
    const issue = {
      file: 'x.yaml',
      line: 3,
      column: 5,
      path: 'seeds',
      message: 'is empty; at least one',
      hint: 'Add one',
    };
    const { text, exitCode } = explain(new ScenarioError([issue, { ...issue, line: 4, path: '' }]));
    expect(text).toBe('x.yaml:3:5 seeds is empty; at least one. Add one.\nx.yaml:4:5 is empty; at least one. Add one.');
    expect(exitCode).toBe(2);
  });

  it('tells what is refused from what broke', () => {
    expect(explain(new Refusal('no')).exitCode).toBe(2);
    expect(explain(new TwinError('seed', 400, 'unknown seed')).exitCode).toBe(2);
    expect(explain(new TwinError('port_in_use', 409, 'port in use')).exitCode).toBe(1);
    expect(explain(new TwinError('full', 503, 'too many runs')).exitCode).toBe(1);
    expect(explain(new Error('broke'))).toEqual({ text: 'broke', exitCode: 1 });
  });

  it('adds what to do', () => {
    expect(explain(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })).text).toMatch(/make room/);
    expect(explain(Object.assign(new Error('unknown'), { hint: 'Ask for another.' })).text).toBe(
      'unknown. Ask for another.',
    );
  });
});

describe('the table', () => {
  const variant = (mean: number, more: Partial<VariantResult> = {}): VariantResult => ({
    strategy: 'webster',
    digest: '0123456789abcdef',
    vehicles: { demanded: 100, inserted: 99, arrived: 90, running: 9, waiting: 1 },
    travelTimeSeconds: {},
    delaySeconds: { mean },
    waitingSeconds: {},
    throughputPerHour: 90,
    approaches: {
      N: {
        demanded: 50,
        arrived: 45,
        delaySeconds: { mean, p95: 1, max: 1 },
        waitingSeconds: { mean: 1, max: 1 },
        stopsPerVehicle: 1,
        queueMax: 3,
      },
    },
    ...more,
  });
  const result = (variants: Record<string, VariantResult>): RunResult => ({
    scenario: 'x',
    seed: 7,
    stepSeconds: 0.5,
    durationSeconds: 600,
    variants,
    performance: { vehicleUpdates: 1_500_000, cpuSeconds: 1, wallSeconds: 1, peakRssMebibytes: 100 },
  });

  it('shows both variants and their difference', () => {
    const text = resultTable(result({ baseline: variant(40), adaptive: variant(30) }));
    expect(text).toMatch(/^x, seed 7, 600 s in steps of 0\.5 s$/m);
    expect(text).toMatch(/^delay, mean \(s\) +40\.0 +30\.0 +-25\.0 %$/m);
    expect(text).toMatch(/^ {2}N: delay, mean \(s\) +40\.0 +30\.0 +-25\.0 %$/m);
    expect(text).toMatch(/^digest +0123456789abcdef +0123456789abcdef$/m);
  });

  it('leaves out what was not computed', () => {
    const text = resultTable(result({ only: variant(40) }));
    expect(text).not.toMatch(/fuel|difference|median/);
    expect(resultTable(result({ a: variant(40, { fuelLitres: 2 }), b: variant(40) }))).toMatch(
      /^fuel \(l\) +2\.00 +-$/m,
    );
  });
});
