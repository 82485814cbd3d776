/** No simulation can reach a street: links that may are opened in one place only, and it asks first. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSync, visitorKeys } from 'oxc-parser';
import { ROOT } from './support/command.ts';

const FOLDERS = ['cli', 'runs', 'sim', 'api', 'controller', 'feeds', 'scenarios', 'junction'];

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* files(path);
    else if (/\.ts$/.test(entry.name) && !/\.test\.ts$|(^|\/)testing(\/|\.ts$)/.test(path)) yield path;
  }
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const key of visitorKeys[node.type] ?? []) {
    const child = node[key] as Node | readonly (Node | null)[] | null | undefined;
    if (Array.isArray(child)) {
      for (const one of child) if (one) yield* nodesOf(one);
    } else if (child) yield* nodesOf(child as Node);
  }
}

/** How each call that opens a link says `simulation`, as source text; `hears` where it may say nothing at all. */
function openings(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const found: string[] = [];
  for (const node of nodesOf(parseSync(path, text).program as unknown as Node)) {
    const callee = node.callee as Node | undefined;
    if (node.type !== 'CallExpression' || !['openMqttLink', 'createInProcessLink'].includes(String(callee?.name)))
      continue;
    const [options] = node.arguments as Node[];
    const properties = (options?.properties ?? []) as Node[];
    const simulation = properties.find((one) => (one.key as Node | undefined)?.name === 'simulation');
    const value = simulation?.value as { start: number; end: number } | undefined;
    const hearOnly = properties.find((one) => (one.key as Node | undefined)?.name === 'hearOnly')?.value as Node;
    if (hearOnly?.value === true) {
      found.push('hears');
      continue;
    }
    found.push(value === undefined ? 'not said' : text.slice(value.start, value.end));
  }
  return found;
}

describe('links that may reach a street', () => {
  it('are opened by the controller alone, which works it out from the prefix', () => {
    const byFile = [...FOLDERS.flatMap((folder) => [...files(folder)])]
      .map((path) => [path, openings(path)] as const)
      .filter(([, found]) => found.length > 0);
    expect(byFile.length).toBeGreaterThan(3);
    const mayBeLive = byFile.filter(([, found]) => found.some((one) => one !== 'true' && one !== 'hears'));
    expect(byFile.find(([path]) => path === 'cli/street-safety.ts')?.[1]).toEqual(['hears']);
    expect(mayBeLive).toEqual([['cli/controller.ts', ['simulation']]]);
    const controller = readFileSync(join(ROOT, 'cli/controller.ts'), 'utf8');
    expect(controller).toMatch(/const simulation = isSimulationPrefix\(prefix\);/);
    // Consent is asked for before anything is opened.
    expect(controller.indexOf('requireConsent(prefix')).toBeLessThan(controller.indexOf('await openLink('));
  });
});
