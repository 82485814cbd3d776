import { describe, expect, it } from 'vitest';
import { checkFile } from './check-imports.mjs';
import { allows } from './check-licences.mjs';

describe('who imports whom', () => {
  it('lets a folder import from those below it', () => {
    expect(checkFile('runs/a.ts', "import { x } from '../sim/world.ts'; import { y } from './b.ts';")).toEqual([]);
    expect(checkFile('sim/a.ts', "import { isoOf } from '../feeds/codec.ts';")).toEqual([]);
    expect(checkFile('cli.ts', "const { serve } = await import('./api/server.ts');")).toEqual([]);
  });

  it.each([
    ['junction/a.ts', "import type { T } from '../scenarios/types.ts';", /junction may not import from scenarios/],
    ['junction/a.ts', "import { z } from 'zod';", /imports nothing/],
    ['sim/a.ts', "import { encode } from '../feeds/check.ts';", /sim may not import from feeds.*import type/],
    ['sim/a.ts', "import fs from 'node:fs';", /sim may not use node:fs/],
    ['controller/a.ts', "export { x } from '../sim/world.ts';", /controller may not import from sim/],
    ['api/a.ts', "const w = await import('../sim/world.ts');", /api may not import from sim/],
    ['api/a.ts', "type W = import('../sim/world.ts').World;", /api may not import from sim/],
    ['api/a.ts', "new Worker(new URL('../sim/worker.ts', import.meta.url));", /api may not import from sim/],
    ['runs/a.ts', "import { x } from '../bench/speed.ts';", /runs may not import from bench/],
    ['feeds/a.ts', "import { settings } from '../config.ts';", /feeds may not import from config.ts/],
    ['twin-ui/src/a.tsx', "import { TwinError } from '../../runs/twin-types.ts';", /twin-ui may not import from runs/],
    ['twin-ui/src/a.tsx', "import { type Frame } from '../../runs/types.ts';", /twin-ui may not import from runs/],
  ])('%s: %s is refused', (path, text, problem) => {
    expect(checkFile(path, text)).toEqual([expect.stringMatching(problem)]);
  });

  it('lets the page import types of messages', () => {
    expect(checkFile('twin-ui/src/a.tsx', "import type { Frame } from '../../runs/types.ts';")).toEqual([]);
  });
});

describe('what must be deterministic', () => {
  it.each([
    'Math.random()',
    'Math.exp(1)',
    'Math.pow(2, 3)',
    'Math.sin(1)',
    'Math.hypot(3, 4)',
    "Math['cos'](1)",
    'const { tan } = Math',
    '2 ** 3',
    'let x = 2; x **= 2',
    'Date.now()',
    'new Date()',
    'performance.now()',
    'setTimeout(() => {}, 1)',
    "'a'.localeCompare('b')",
  ])('%s is refused in sim, with the line', (text) => {
    expect(checkFile('sim/a.ts', `\n${text};`)).toEqual([expect.stringMatching(/^sim\/a\.ts:2 /)]);
  });

  it('allows what is the same everywhere, and anything in tests', () => {
    expect(checkFile('sim/a.ts', 'Math.sqrt(2) + Math.log(2) + new Date(0).getTime(); const o = { Math: 1 };')).toEqual(
      [],
    );
    expect(checkFile('sim/a.test.ts', 'Math.random() ** Date.now()')).toEqual([]);
    expect(checkFile('controller/service/a.ts', 'Date.now()')).toEqual([]);
    expect(checkFile('controller/strategies/a.ts', 'Date.now()')).toHaveLength(1);
  });
});

describe('licences', () => {
  it.each(['MIT', 'MIT OR GPL-3.0', '(MIT OR CC0-1.0) AND ISC'])('%s is allowed', (licence) =>
    expect(allows(licence)).toBe(true),
  );
  it.each(['GPL-3.0-only', 'AGPL-3.0', 'MIT AND GPL-2.0', '', 'MIT OR', 'MIT ISC', 'SEE LICENSE IN x'])(
    '%s is refused',
    (licence) => expect(allows(licence)).toBe(false),
  );
});
