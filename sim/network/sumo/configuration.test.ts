import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkConfiguration } from '../../../junction/interlock.ts';
import { sumoStages, sumoStateOf } from './configuration.ts';
import { readSumoNet } from './net.ts';

/** A crossroads of four one-lane roads, straight on and left each; links 0-7 are n, e, s, w by straight and left. */
function crossroads(phases: string): string {
  const arms = ['n', 'e', 's', 'w'];
  const exits = [2, 1, 3, 2, 0, 3, 1, 0].map((arm) => arms[arm]!);
  const links = exits.map((to, link) => ({ from: arms[link >> 1]!, to, link }));
  const isStraight = (link: number) => link % 2 === 0;
  const foes = (a: number, b: number): boolean => {
    if (a >> 1 === b >> 1) return false;
    if (((a >> 1) + (b >> 1)) % 2 === 1) return true;
    return isStraight(a) !== isStraight(b);
  };
  const bits = (test: (b: number) => boolean) => links.map((_, k) => (test(links.length - 1 - k) ? '1' : '0')).join('');
  const yields = (a: number, b: number) =>
    foes(a, b) && (isStraight(b) && !isStraight(a) ? true : isStraight(a) === isStraight(b) && b < a);
  return `<net version="1.9">
  <location netOffset="0,0" convBoundary="0,0,1,1" origBoundary="0,0,1,1" projParameter="!"/>
  ${arms.map((arm) => `<edge id="${arm}" from="${arm}0" to="c"><lane id="${arm}_0" index="0" speed="13.89" length="200" shape="0,0 0,200"/></edge><edge id="${arm}x" from="c" to="${arm}0"><lane id="${arm}x_0" index="0" speed="13.89" length="200" shape="0,0 0,200"/></edge>`).join('')}
  <tlLogic id="c" type="static" programID="0" offset="0">${phases}</tlLogic>
  <junction id="c" type="traffic_light" x="0" y="0" incLanes="n_0 e_0 s_0 w_0" intLanes="">
  ${links.map(({ link }) => `<request index="${link}" response="${bits((b) => yields(link, b))}" foes="${bits((b) => foes(link, b))}" cont="0"/>`).join('')}
  </junction>
  ${arms.map((arm) => `<junction id="${arm}0" type="dead_end" x="0" y="0" incLanes="${arm}x_0" intLanes=""/>`).join('')}
  ${links.map(({ from, to, link }) => `<connection from="${from}" to="${to}x" fromLane="0" toLane="0" tl="c" linkIndex="${link}" dir="${isStraight(link) ? 's' : 'l'}" state="o"/>`).join('')}
</net>`;
}

const phase = (duration: number, state: string, more = '') => `<phase duration="${duration}" state="${state}"${more}/>`;
const stagesOf = (phases: string, which?: 'all' | 'program') =>
  sumoStages(readSumoNet(crossroads(phases), 'x.net.xml'), 'c', 'case', which);

describe('the configuration of a SUMO signal', () => {
  const permitted =
    phase(30, 'GgrrGgrr', ' minDur="7" maxDur="40"') +
    phase(3, 'yyrryyrr') +
    phase(2, 'rrrrrrrr') +
    phase(25, 'rrGgrrGg') +
    phase(4, 'rryyrryy') +
    phase(1, 'rrrrrrrr');
  const protectedLefts =
    phase(30, 'GrrrGrrr') +
    phase(3, 'yrrryrrr') +
    phase(10, 'rGrrrGrr') +
    phase(3, 'ryrrryrr') +
    phase(25, 'rrGrrrGr') +
    phase(3, 'rryrrryr') +
    phase(10, 'rrrGrrrG') +
    phase(3, 'rrryrrry');

  it('has a group per link index, and stages and plan of the green phases', () => {
    const { configured, linkIndices, stages, stageOfPhase } = stagesOf(permitted, 'program');
    expect(linkIndices).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...stageOfPhase]).toEqual([0, -1, -1, 1, -1, -1]);
    expect(stages).toEqual([
      { id: 'phase-0', groups: [0, 1, 4, 5] },
      { id: 'phase-3', groups: [2, 3, 6, 7] },
    ]);
    const configuration = configured.configuration!;
    expect(configuration).toMatchObject({ name: 'c', yellowSeconds: 3, allRedSeconds: 1 });
    expect(
      configuration.stages.map(({ minGreenSeconds, maxGreenSeconds }) => [minGreenSeconds, maxGreenSeconds]),
    ).toEqual([
      [7, 40],
      [5, 90],
    ]);
    expect(configuration.localPlan).toEqual([
      { stageId: 'phase-0', greenSeconds: 30, yellowSeconds: 3, allRedSeconds: 2 },
      { stageId: 'phase-3', greenSeconds: 25, yellowSeconds: 4, allRedSeconds: 1 },
    ]);
    expect(configuration.approaches.map(({ name }) => name)).toEqual(['n', 'e', 's', 'w']);
    expect(configuration.detectors!.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['n:stopline', 'n:stopline:0', 'n:upstream']),
    );
  });

  it('lets foes be green together only where the program shows it', () => {
    const conflict = (phases: string, a: number, b: number) =>
      stagesOf(phases).configured.configuration!.conflicts[a]![b];
    // straight on from the north against left from the south
    expect([conflict(permitted, 0, 5), conflict(protectedLefts, 0, 5)]).toEqual([false, true]);
    // straight on from the north against straight on from the east
    expect([conflict(permitted, 0, 2), conflict(protectedLefts, 0, 2)]).toEqual([true, true]);
  });

  it('adds every other largest set of links that fit together', () => {
    const sets = stagesOf(protectedLefts).stages.slice(4);
    expect(sets.map(({ groups }) => groups.join(' ')).sort()).toEqual(['0 1', '2 3', '4 5', '6 7']);
  });

  it('takes the times between greens from the net, pair by pair', () => {
    const { intergreenSeconds } = stagesOf(permitted).configured.configuration!;
    expect([intergreenSeconds[0]![2], intergreenSeconds[2]![0], intergreenSeconds[0]![4]]).toEqual([5, 5, 0]);
  });

  it('takes 3 s of yellow and 2 s of all-red where the net has no yellow', () => {
    const { configured } = stagesOf(
      phase(30, 'GgrrGgrr') + phase(4, 'rrrrrrrr') + phase(25, 'rrGgrrGg') + phase(4, 'rrrrrrrr'),
    );
    expect(configured.configuration).toMatchObject({ yellowSeconds: 3, allRedSeconds: 2 });
    expect(configured.configuration!.localPlan.every(({ yellowSeconds }) => yellowSeconds === 3)).toBe(true);
  });

  it('takes a phase that only keeps green what stays green for a clearance', () => {
    const { stages, configured } = stagesOf(
      phase(30, 'GgrrGgrr') +
        phase(3, 'ygrryGrr') +
        phase(2, 'rgrrrGrr') +
        phase(10, 'rGrrrGrr') +
        phase(3, 'ryrrryrr') +
        phase(25, 'rrGgrrGg') +
        phase(3, 'rryyrryy'),
    );
    expect(stages.slice(0, 3).map(({ groups }) => groups.join(' '))).toEqual(['0 1 4 5', '1 5', '2 3 6 7']);
    expect(configured.configuration!.localPlan.map(({ greenSeconds }) => greenSeconds)).toEqual([30, 12, 25]);
  });

  it.each([['nobody is ever green', phase(30, 'rrrrrrrr'), /shows green to nobody/]])(
    'says why there is none where %s',
    (_what, phases, reason) => {
      const { configured } = stagesOf(phases);
      expect(configured).toMatchObject({ configuration: null, reason: expect.stringMatching(reason) });
    },
  );

  it('is one that the interlock accepts, whatever the program shows', () => {
    const state = fc
      .array(fc.constantFrom('r', 'g', 'G', 'y'), { minLength: 8, maxLength: 8 })
      .map((letters) => letters.join(''));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), state), { minLength: 1, maxLength: 8 }),
        (phases) => {
          const { configured, stages } = stagesOf(phases.map(([seconds, shown]) => phase(seconds, shown)).join(''));
          if (configured.configuration === null) {
            expect(configured.reason).not.toBe('');
            return;
          }
          expect(checkConfiguration(configured.configuration)).toEqual([]);
          expect(stages.length).toBe(configured.configuration.stages.length);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('what SUMO is to show for lamps', () => {
  it('is a minor green where a foe that goes first is green or yellow, else a major one', () => {
    const stages = stagesOf(phase(30, 'GgrrGgrr') + phase(3, 'yyrryyrr') + phase(25, 'rrGgrrGg'));
    expect(sumoStateOf(stages, [1, 1, 0, 0, 1, 1, 0, 0], 8)).toBe('GgrrGgrr');
    expect(sumoStateOf(stages, [1, 1, 0, 0, 2, 0, 0, 0], 8)).toBe('Ggrryrrr');
    expect(sumoStateOf(stages, [1, 1, 0, 0, 0, 0, 0, 0], 9)).toBe('GGrrrrrrr');
  });
});
