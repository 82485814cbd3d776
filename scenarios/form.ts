/**
 * Checks plain data against the schema: says what is wrong in words, and mends what has one obvious meaning, so that
 * the checks that follow can find the other mistakes of the same file.
 */
import type { z } from 'zod';
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import { listed, MOST_ISSUES, nearest, show } from './issues.ts';

type Issue = z.core.$ZodIssue;
type Container = Record<string | number, unknown>;

/**
 * Reports all that is wrong with `data[key]` (at `path`) by its schema and mends it in place where it can. True where
 * what is left can be used: nothing wrong, or only names in a wrong form.
 */
export function checkForm(
  schema: z.ZodType,
  data: Container,
  key: string | number,
  path: Path,
  findings: Findings,
): boolean {
  for (const issue of problemsOf(schema, data[key])) {
    if (issue.code !== 'unrecognized_keys') continue;
    report(schema, issue, data[key], path, findings);
    mendKeys(schema, issue, data[key], path, findings);
  }
  for (let round = 0; round < 3; round += 1) {
    const issues = problemsOf(schema, data[key]);
    const told = round > 0;
    if (!told) for (const issue of issues) report(schema, issue, data[key], path, findings);
    if (issues.every((issue) => issue.code === 'invalid_format')) return true;
    const unmended = issues.filter((issue) => {
      if (issue.code === 'invalid_format') return false;
      findings.markMended([...path, ...(issue.path as Path)]);
      return !mend(issue, data, key);
    });
    if (unmended.length > 0) return false;
  }
  return false;
}

function problemsOf(schema: z.ZodType, value: unknown): readonly Issue[] {
  const result = schema.safeParse(value);
  return result.success ? [] : (result.error.issues as readonly Issue[]);
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (value as Container | undefined)?.[step], data);
}

function report(schema: z.ZodType, issue: Issue, data: unknown, path: Path, findings: Findings): void {
  const below = issue.path as Path;
  const at = [...path, ...below];
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(schemaAt(schema, below));
    for (const key of issue.keys.slice(0, MOST_ISSUES)) {
      const like = nearest(key, known);
      const hint = like === undefined ? 'Remove it.' : `Did you mean ${like}?`;
      findings.addAtKey(at, key, `is not known here; allowed are ${listed([...known].sort())}`, hint);
    }
    return;
  }
  const given = valueAt(data, below);
  if (given === undefined) {
    findings.add(at, `is missing${about(schemaAt(schema, below))}`, `Add it${unitHint(at)}.`);
    return;
  }
  const [allowed, hint] = expectation(issue, given);
  findings.add(at, `is ${show(given)}; ${allowed}`, hint);
}

function about(schema: z.ZodType | undefined): string {
  const text = schema?.description;
  return text === undefined ? '' : `: ${text.split('. ')[0]!.replace(/\.$/, '')}`;
}

function unitHint(path: Path): string {
  const last = path.at(-1);
  return typeof last === 'string' ? `, as ${last}: ...` : '';
}

/** What is allowed, and what to do. */
function expectation(issue: Issue, given: unknown): [string, string] {
  switch (issue.code) {
    case 'too_small': {
      const many = Array.isArray(given) ? ' entries' : typeof given === 'string' ? ' characters' : '';
      return [`at least ${issue.minimum}${many}`, Array.isArray(given) ? 'Add to the list.' : 'Raise it.'];
    }
    case 'too_big': {
      const many = Array.isArray(given) ? ' entries' : typeof given === 'string' ? ' characters' : '';
      return [`at most ${issue.maximum}${many}`, Array.isArray(given) ? 'Shorten the list.' : 'Lower it.'];
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      const like = typeof given === 'string' ? nearest(given, values) : undefined;
      return [`allowed is ${listed(values)}`, like === undefined ? 'Use one of these.' : `Did you mean ${like}?`];
    }
    case 'invalid_type':
      return [`it must be ${kindOf(issue.expected)}`, typeHint(issue.expected, given)];
    case 'invalid_format':
      return [`allowed are ${issue.message}`, 'Rename it, also where it is referred to.'];
    default:
      return [`it must be ${issue.message}`, 'Correct it.'];
  }
}

function kindOf(expected: string): string {
  const kinds: Record<string, string> = {
    int: 'a whole number',
    number: 'a number',
    string: 'a text',
    boolean: 'true or false',
    array: 'a list',
    object: 'a map of keys and values',
    record: 'a map of keys and values',
  };
  return kinds[expected] ?? expected;
}

function typeHint(expected: string, given: unknown): string {
  if (expected === 'string' && (typeof given === 'number' || typeof given === 'boolean')) return 'Put it in quotes.';
  if (expected === 'array' && typeof given !== 'object') return 'Write it as [..].';
  if ((expected === 'number' || expected === 'int') && typeof given === 'string') {
    return Number.isFinite(Number.parseFloat(given))
      ? 'Write the number alone; its unit is in the name.'
      : 'Write a number.';
  }
  return 'Correct it.';
}

/** Takes misspelt keys for what was most likely meant, and drops the others. */
function mendKeys(
  schema: z.ZodType,
  issue: Issue & { code: 'unrecognized_keys' },
  data: unknown,
  path: Path,
  findings: Findings,
): void {
  const below = issue.path as Path;
  const map = valueAt(data, below) as Container;
  const known = keysOf(schemaAt(schema, below));
  for (const [index, unknown] of issue.keys.entries()) {
    const like = index < MOST_ISSUES ? nearest(unknown, known) : undefined;
    if (like !== undefined && map[like] === undefined) {
      map[like] = map[unknown];
      findings.markMended([...path, ...below, like]);
    }
    delete map[unknown];
  }
}

/** Replaces what is wrong by what was most likely meant; false where that cannot be told. */
function mend(issue: Issue, data: Container, key: string | number): boolean {
  const below = issue.path as Path;
  const parent = below.length === 0 ? data : (valueAt(data[key], below.slice(0, -1)) as Container | undefined);
  const last = below.length === 0 ? key : below.at(-1)!;
  if (parent === undefined || parent === null) return false;
  const given = parent[last];
  if (issue.code === 'too_small' && typeof given === 'number') parent[last] = issue.minimum;
  else if (issue.code === 'too_big' && typeof given === 'number') parent[last] = issue.maximum;
  else if (
    issue.code === 'invalid_type' &&
    issue.expected === 'int' &&
    typeof given === 'number' &&
    Number.isFinite(given)
  ) {
    parent[last] = Math.round(given);
  } else if (
    issue.code === 'invalid_type' &&
    /int|number/.test(issue.expected) &&
    Number.isFinite(Number.parseFloat(String(given)))
  ) {
    parent[last] = Number.parseFloat(String(given));
  } else if (issue.code === 'invalid_type' && issue.expected === 'string' && /number|boolean/.test(typeof given)) {
    parent[last] = String(given);
  } else if (issue.code === 'invalid_value') {
    const like = typeof given === 'string' ? nearest(given, issue.values.map(String)) : undefined;
    parent[last] = like ?? issue.values[0];
  } else if (given !== undefined && !Array.isArray(parent)) delete parent[last];
  else return false;
  return true;
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  let inner = schema as (z.ZodType & { unwrap?: () => z.ZodType }) | undefined;
  while (inner?.def.type === 'optional') inner = inner.unwrap!() as typeof inner;
  return inner;
}

function schemaAt(schema: z.ZodType, path: Path): z.ZodType | undefined {
  let here = unwrap(schema);
  for (const step of path) {
    const parts = here as unknown as { shape?: Record<string, z.ZodType>; element?: z.ZodType; valueType?: z.ZodType };
    const shape = parts.shape;
    const next =
      shape !== undefined ? (Object.hasOwn(shape, step) ? shape[step] : undefined) : (parts.element ?? parts.valueType);
    here = unwrap(next);
    if (here === undefined) return undefined;
  }
  return here;
}

function keysOf(schema: z.ZodType | undefined): string[] {
  const shape = (schema as { shape?: Record<string, unknown> } | undefined)?.shape;
  return shape === undefined ? [] : Object.keys(shape);
}
