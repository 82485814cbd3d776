import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputFileError } from '../json.ts';
import { NET } from './fixtures/cross.ts';
import { readSumoNet } from './net.ts';
import { refuseFalsifying } from './notices.ts';
import { classBit } from './permissions.ts';
import { programStateAt } from './programs.ts';
import { internalLanes } from './routing.ts';

const SHARED = process.env.FLEXTRAFF_SHARED ?? '../shared';
const data = (name: string) => join(SHARED, 'data', name);

describe('a SUMO network', () => {
  const net = readSumoNet(NET, 'n.net.xml');
  const lane = (id: string) => net.lanes[net.laneIndex.get(id)!]!;

  it('has the lanes of the file with length, limit, width and permissions', () => {
    expect(lane('in_1')).toMatchObject({ index: 1, speed: 13.89, length: 99, width: 3.5 });
    expect([...lane('in_1').shape]).toEqual([0, 0, 100, 0]);
    expect(
      (lane('in_1').permissions & classBit('bus')) === 0 && (lane('in_1').permissions & classBit('taxi')) !== 0,
    ).toBe(true);
    expect(lane('in_0').permissions).toBe(classBit('bus') | classBit('bicycle'));
    expect(net.edges[lane(':c_0_0').edge]).toMatchObject({ id: ':c_0', function: 'internal' });
    expect(net.lefthand).toBe(false);
  });

  it('has the connections, and the internal lanes they lead through one after the other', () => {
    const [left, straight] = net.connections;
    expect(left).toMatchObject({
      tl: 's',
      linkIndex: 1,
      dir: 'l',
      state: 'o',
      keepClear: false,
      contPos: 3,
      pass: false,
    });
    expect(straight).toMatchObject({ tl: 's', linkIndex: 0, keepClear: true, contPos: Number.NaN, pass: true });
    expect(internalLanes(net, left!).map((index) => net.lanes[index]!.id)).toEqual([':c_0_0', ':c_1_0']);
  });

  it('reads responses and foes from the right', () => {
    const { requests } = net.junctions[net.junctionIndex.get('b')!]!;
    expect(requests).toEqual([
      { yieldsTo: [1], foes: [1], cont: false },
      { yieldsTo: [], foes: [0], cont: true },
    ]);
  });

  it('runs the program that comes last, by the clock and not by the begin of the run', () => {
    const program = net.programs.get('s')!.at(-1)!;
    expect(program.programId).toBe('new');
    expect([4, 5, 34, 35, 38, 64.9, 65, 25200, 25205].map((t) => programStateAt(program, t))).toEqual([
      'rr',
      'Gg',
      'Gg',
      'ys',
      'rr',
      'rr',
      'Gg',
      'rr',
      'Gg',
    ]);
    expect(programStateAt(program, 35 + 1e-10)).toBe('ys');
    expect(programStateAt(program, 3 * 60 + 35 - 1e-10)).toBe('ys');
  });
});

describe('a network that cannot be used', () => {
  const broken = (from: string | RegExp, to: string) => () => readSumoNet(NET.replace(from, to), 'n.net.xml');
  it.each([
    ['a lane of length 0', 'length="99.00"', 'length="0"', /n\.net\.xml:15: <lane id="in_1"> has length="0"/],
    [
      'a limit that is no number',
      'speed="5"',
      'speed="fast"',
      /<lane id="side_0"> has speed="fast"; a number from 0 to 200/,
    ],
    ['a limit of 0', 'speed="5"', 'speed="0"', /<lane id="side_0"> has speed="0"/],
    [
      'a signal with too few states',
      /state="Gg"(.*)ys(.*)rr/,
      'state="G"$1y$2r',
      /n\.net\.xml:29: <tlLogic id="s" programID="new"> has 1 states.* line \d+ has linkIndex 1/,
    ],
    [
      'phases of different length',
      'state="ys"',
      'state="ysr"',
      /<phase> has 3 states where the first phase of signal "s" has 2/,
    ],
    ['a state nobody knows', 'state="ys"', 'state="yx"', /has the state "x"; r y g G s u o O are known/],
    ['no program for a signal', /tlLogic id="s"/g, 'tlLogic id="t"', /signal "s", which has no <tlLogic>/],
    ['a cycle of 0 s', 'duration="10"', 'duration="0"', /has a cycle of 0 s/],
    [
      'a connection to a missing edge',
      'to="side" fromLane="0"',
      'to="gone" fromLane="0"',
      /<connection> refers to edge "gone"/,
    ],
    [
      'a connection from a missing lane',
      'fromLane="1" toLane="0" tl',
      'fromLane="2" toLane="0" tl',
      /fromLane="2", but edge "in" has 2 lanes/,
    ],
    ['a missing junction', '<junction id="d"', '<junction id="dd"', /<edge id="end"> joins junction "d"/],
    [
      'a response of the wrong length',
      'response="10"',
      'response="100"',
      /<request index="0"> has a response of 3 characters/,
    ],
    ['two lanes of one name', 'id="in_1"', 'id="in_0"', /<lane id="in_0"> is there twice/],
    ['a point that is none', 'shape="112,0 312,0"', 'shape="112,0 x,0"', /has the point "x,0" in its shape/],
    ['a cut file', /<connection from=":c_2"[\s\S]*/, '<conn', /is not well-formed XML/],
    ['an entity', 'id="a"', 'id="&lol;"', /is not well-formed XML/],
    [
      'declared entities',
      '<net version',
      '<!DOCTYPE x [<!ENTITY lol "lol">]><net version',
      /<!DOCTYPE> declares entities/,
    ],
    ['another kind of file', /net version="1.9"|\/net>$/g, 'routes', /its root must be <net>|not well-formed/],
  ])('%s: says where and what to do', (_, from, to, message) => {
    expect(broken(from, to)).toThrow(InputFileError);
    expect(broken(from, to)).toThrow(message);
  });

  it('lists what is not simulated by name and count, and refuses it where the result would be false', () => {
    const text = NET.replace('type="static" programID="new"', 'type="delay_based" programID="new"').replace(
      '<junction id="a"',
      '<mystery/><mystery/><junction id="a"',
    );
    const { notices } = readSumoNet(text, 'n.net.xml');
    expect(notices.map(({ what, count, falsifies }) => [what, count, falsifies])).toEqual([
      ['<mystery>', 2, false],
      ['delay_based signal program', 1, true],
    ]);
    expect(() => refuseFalsifying('n.net.xml', notices)).toThrow(
      /delay_based signal program \(1 time, first n\.net\.xml:29\)/,
    );
  });

  it.each([
    ['<param key="max-gap" value="soon"/>', 'is refused', /max-gap="soon"; 0 to 1000000 seconds/],
    ['<param key="passing-time" value="0"/>', 'is refused', /passing-time="0"; more than 0 s/],
    ['<param key="linkMaxDur:99" value="10"/>', 'is refused', /linkMaxDur:99; link indices are 0 to/],
    ['<param key="coordinated" value="true"/>', 'would falsify', /its parameter coordinated="true" would decide/],
    ['<param key="in_0" value="someLoop"/>', 'would falsify', /its parameter in_0="someLoop" would decide/],
    ['<condition id="c" value="1"/>', 'would falsify', /its <condition> would decide when phases end/],
    ['<param key="max-gap" value="2.5"/><param key="in_0" value="NO_DETECTOR"/>', 'is read', null],
  ])('an actuated program with %s %s', (inside, what, message) => {
    const text = NET.replace(/type="static" programID="new"[^>]*>/, (tag) =>
      tag.replace('static', 'actuated').concat(inside),
    );
    const read = () => readSumoNet(text, 'n.net.xml');
    if (what === 'is refused') expect(read).toThrow(message!);
    else if (message === null) expect(read().notices).toEqual([]);
    else expect(() => refuseFalsifying('n.net.xml', read().notices)).toThrow(message);
  });

  it('fuzzed: reads it or says what is wrong with the file, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.nat(NET.length - 1),
        fc.nat(40),
        fc.constantFrom('', '0', '"', '<', '>', '-1', '1e999', ' ', 'id', '&#0;'),
        (at, cut, put) => {
          const text = NET.slice(0, at) + put + NET.slice(at + cut);
          try {
            readSumoNet(text, 'n.net.xml');
          } catch (error) {
            expect(error).toBeInstanceOf(InputFileError);
          }
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });
});

describe.skipIf(!existsSync(data('sumo')))('networks of the shared data (absent: skipped)', () => {
  it.each([
    ['sumo/cologne1/cologne1.net.xml', 1],
    ['sumo/hangzhou-1x1-bc-tyc_18041610/hangzhou.net.xml', 1],
    ['sumo/grid-10x10/grid10.net.xml', 100],
    ['micro/x.net.xml', 1],
    ['micro/g.net.xml', 0],
  ])('%s is read without a notice', (name, signals) => {
    const net = readSumoNet(readFileSync(data(name), 'utf8'), name);
    expect(net.programs.size).toBe(signals);
    expect(net.notices).toEqual([]);
  });
});
