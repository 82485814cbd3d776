/** `stageSet=all` as a run has it: device, interlock and controller know the stages; who does not choose among them says so. */
import { beforeAll, describe, expect, it } from 'vitest';
import { STRATEGIES } from '../controller/strategies/index.ts';
import { runVariants } from './runner.ts';
import { openSource, type Source } from './source.ts';
import { checkVariants } from './variants.ts';

const CHOOSING = ['max-pressure', 'horizon'];
const WORK: Record<string, number> = { horizon: 4000 };

/** Stages asked for, what was refused, and the digest. */
async function ran(source: Source, strategy: string, parameters: Record<string, string>) {
  const asked = new Set<string>();
  const refused: string[] = [];
  const walks: number[] = [];
  const result = await runVariants({
    source,
    verify: true,
    variants: [{ name: 'a', strategy, parameters: { ...parameters, ...(WORK[strategy] && { work: WORK[strategy] }) } }],
    observer: {
      onDecision: (_, { stages, vetoed }) => {
        for (const { stageId } of stages) asked.add(stageId);
        if (vetoed !== null) refused.push(vetoed);
      },
      onMessage: (_, second, { address, message }) => {
        if (address.kind === 'ack' && 'result' in message && message.result !== 'applied')
          refused.push(JSON.stringify(message));
        if (address.kind === 'lamps' && JSON.stringify(message).includes('"S-walk":"green"')) walks.push(second);
      },
      onProblem: (_, problem) => refused.push(problem),
    },
  });
  return { asked, refused, walks, digest: result.variants.a!.digest };
}

describe.each(CHOOSING)('%s with stageSet=all', (strategy) => {
  let side: Source;
  beforeAll(async () => {
    side = await openSource('t-junction', { untilSeconds: 600 });
  });

  it('asks for stages that nobody listed, and device and interlock take each', async () => {
    const { asked, refused } = await ran(side, strategy, { stageSet: 'all' });
    expect([...asked].some((id) => id.includes('+'))).toBe(true);
    expect(refused).toEqual([]);
  });

  it('lets people walk', async () => {
    const { walks } = await ran(side, strategy, { stageSet: 'all' });
    const gaps = walks.map((second, k) => second - (walks[k - 1] ?? 0));
    expect(walks.length).toBeGreaterThan(0);
    expect(Math.max(...gaps, 600 - walks.at(-1)!)).toBeLessThan(200);
  });

  it('keeps to the listed ones unless asked', async () => {
    const { asked, digest } = await ran(side, strategy, {});
    expect([...asked].filter((id) => !['main', 'into-side', 'out-of-side'].includes(id))).toEqual([]);
    expect((await ran(side, strategy, { stageSet: 'listed' })).digest).toBe(digest);
  });

  it('changes nothing where every set is listed', async () => {
    const mumbai = await openSource('mumbai-four-way', { untilSeconds: 120 });
    const { digest } = await ran(mumbai, strategy, { stageSet: 'all' });
    expect(digest).toBe((await ran(mumbai, strategy, {})).digest);
  });

  it('may be told to choose among some of them', () => {
    const parameters = { stageSet: 'all', stages: 'main/S-right+E-left+E-straight+W-right/out-of-side' };
    expect(() => checkVariants(side, [{ name: 'a', strategy, parameters }])).not.toThrow();
    expect(() => checkVariants(side, [{ name: 'a', strategy, parameters: { stages: parameters.stages } }])).toThrow(
      'does not exist; there are main, into-side, out-of-side',
    );
  });

  it('refuses another set, and a configuration that lacks the stages', async () => {
    const check = (stageSet: string) => () => checkVariants(side, [{ name: 'a', strategy, parameters: { stageSet } }]);
    expect(check('every')).toThrow('stageSet is every; listed or all');
    const found = STRATEGIES.find(({ name }) => name === strategy)!;
    const [signal] = side.signals();
    expect(found.check!(signal!.configuration!, { ...defaultsOf(found), stageSet: 'all' })).toMatch(
      /^stageSet is all, but 3 of the conflict-free sets are not among the junction's 3 stages/,
    );
  });
});

function defaultsOf({ parameters }: (typeof STRATEGIES)[number]): Record<string, number | string | boolean> {
  return Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, parameter.default]));
}

it.each(STRATEGIES.map(({ name }) => name).filter((name) => !CHOOSING.includes(name)))(
  '%s keeps to the listed stages and says why',
  async (strategy) => {
    const source = await openSource('t-junction');
    const variants = [{ name: 'a', strategy, parameters: { stageSet: 'all' } }];
    expect(() => checkVariants(source, variants)).toThrow(
      /keeps to the stages that are listed: .* Use horizon or max-p/,
    );
  },
);
