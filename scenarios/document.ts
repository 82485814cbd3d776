/** A YAML text read with the place of every value, so that a mistake can be shown where it stands. */
import { isAlias, isCollection, isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { MOST_ISSUES, show } from './issues.ts';
import { LIMITS } from './schema-parts.ts';
import type { ScenarioIssue } from './types.ts';

export type Path = readonly (string | number)[];

/** Deepest nesting that a file may have; scenarios need nine levels. */
const MOST_LEVELS = 64;
const TOO_DEEP = `The file is nested more than ${MOST_LEVELS} levels deep`;
const DEEP_HINT = 'Scenarios need nine; look for a bracket or an indentation too many.';
/** A file may use a value again by alias so often; more is an attack or a mistake. */
const MOST_ALIASES = 100;

export interface SourceDocument {
  /** Plain data, or undefined where the text cannot be read. */
  readonly data: unknown;
  /** Mistakes of the text itself: syntax, duplicate keys, aliases without end. */
  readonly issues: readonly ScenarioIssue[];
  /** Line and column (from 1) of the value at the path, or of what stands nearest above it. */
  position(path: Path): { line: number; column: number };
  /** Line and column of a key of the map at the path. */
  keyPosition(path: Path, key: string): { line: number; column: number };
}

/** Reads a YAML 1.2 text. Never throws: what is wrong with it is in `issues`. */
export function readDocument(text: string, file: string): SourceDocument {
  const nowhere = {
    data: undefined,
    position: () => ({ line: 1, column: 1 }),
    keyPosition: () => ({ line: 1, column: 1 }),
  };
  const refuse = (line: number, column: number, message: string, hint: string): SourceDocument => ({
    ...nowhere,
    issues: [{ file, line, column, path: '', message, hint }],
  });
  if (Buffer.byteLength(text) > LIMITS.fileBytes) {
    return refuse(1, 1, `The file has more than ${LIMITS.fileBytes / 1e6} MB`, 'Split it or shorten its lists.');
  }
  const deep = tooDeep(text);
  if (deep !== null) return refuse(deep.line, deep.column, TOO_DEEP, DEEP_HINT);
  const lines = new LineCounter();
  let root: Node | null;
  let issues: ScenarioIssue[];
  let data: unknown;
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
    root = document.contents;
    issues = [...document.errors, ...document.warnings].slice(0, 5 * MOST_ISSUES).map((error) => {
      const at = lines.linePos(error.pos[0]);
      return {
        file,
        line: Math.max(1, at.line),
        column: Math.max(1, at.col),
        path: '',
        message: wordsOf(error.code, error.message),
        hint: hintFor(error.code),
      };
    });
    issues = issues.concat(wrongKeys(root, (offset) => lines.linePos(offset), file).slice(0, 5 * MOST_ISSUES));
    if (issues.length === 0) data = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/alias/i.test(message))
      return refuse(1, 1, 'The file repeats values by alias without end', 'Write the values out.');
    if (error instanceof RangeError) return refuse(1, 1, TOO_DEEP, DEEP_HINT);
    return refuse(1, 1, `The file cannot be read as YAML: ${message}`, 'Correct the syntax.');
  }
  const at = (offset: number) => {
    const place = lines.linePos(offset);
    return { line: Math.max(1, place.line), column: Math.max(1, place.col) };
  };
  return {
    data,
    issues,
    position: (path) => at(offsetOf(root, path)),
    keyPosition: (path, key) => {
      const map = resolve(root, root, path);
      const pair = isMap(map) ? map.items.find((item) => keyText(item.key) === key) : undefined;
      return at(isNode(pair?.key) ? pair.key.range![0] : offsetOf(root, path));
    },
  };
}

/** Text of a key as it appears in plain data. */
function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function child(node: Node | null, step: string | number): Node | null {
  if (!isCollection(node)) return null;
  if (isMap(node)) {
    const pair = node.items.find((item) => keyText(item.key) === String(step));
    return isNode(pair?.value) ? pair.value : null;
  }
  const found = typeof step === 'number' ? node.items[step] : undefined;
  return isNode(found) ? found : null;
}

function resolve(root: Node | null, start: Node | null, path: Path): Node | null {
  let node = start;
  for (const step of path) {
    node = child(followed(root, node), step);
    if (node === null) return null;
  }
  return followed(root, node);
}

/** The node that an alias stands for. */
function followed(root: Node | null, node: Node | null): Node | null {
  if (!isAlias(node)) return node;
  let found: Node | null = null;
  const search = (candidate: unknown): void => {
    if (!isNode(candidate) || isAlias(candidate)) return;
    if (candidate.anchor === node.source) found = candidate;
    if (isMap(candidate)) for (const item of candidate.items) search(item.value);
    else if (isCollection(candidate)) for (const item of candidate.items) search(item);
  };
  search(root);
  return found;
}

/** Offset of the value at the path; of the nearest thing above it where it is missing or empty. */
function offsetOf(root: Node | null, path: Path): number {
  let node = root;
  let offset = root?.range?.[0] ?? 0;
  for (const step of path) {
    const parent = followed(root, node);
    const pair = isMap(parent) ? parent.items.find((item) => keyText(item.key) === String(step)) : undefined;
    node = child(parent, step);
    if (node?.range) offset = node.range[0];
    else if (isNode(pair?.key) && pair.key.range) offset = pair.key.range[0];
    if (node === null) break;
  }
  return offset;
}

/** Keys that stand twice in a map (the parser's own check takes time that grows with the square of the map) or are no words. */
function wrongKeys(
  root: Node | null,
  at: (offset: number) => { line: number; col: number },
  file: string,
): ScenarioIssue[] {
  const issues: ScenarioIssue[] = [];
  const search = (node: unknown): void => {
    if (!isCollection(node)) return;
    const seen = new Set<string>();
    for (const item of node.items) {
      if (!isPair(item)) {
        search(item);
        continue;
      }
      if (!isScalar(item.key) && isNode(item.key)) {
        const { line, col } = at(item.key.range![0]);
        const message = 'A key is not a word but a list, a map or an alias';
        issues.push({
          file,
          line,
          column: col,
          path: '',
          message,
          hint: 'Correct the syntax; a text with [ or { in front needs quotes.',
        });
        continue;
      }
      const key = keyText(item.key);
      if (seen.has(key) && isNode(item.key)) {
        const { line, col } = at(item.key.range![0]);
        const message = `The key ${show(key)} stands twice in the same map`;
        issues.push({ file, line, column: col, path: '', message, hint: 'Remove one of them.' });
      }
      seen.add(key);
      search(item.value);
    }
  };
  search(root);
  return issues;
}

function wordsOf(code: string, message: string): string {
  if (/call stack/.test(message)) return TOO_DEEP;
  if (code === 'MULTIPLE_DOCS') return 'The file holds more than one YAML document';
  const words = message.trim().replace(/\s+/g, ' ').slice(0, 300);
  return `This is not valid YAML: ${words}`;
}

function hintFor(code: string): string {
  if (code === 'MULTIPLE_DOCS')
    return 'One scenario a file: remove the line --- and what follows it, or make two files.';
  if (code === 'TAB_AS_INDENT') return 'Indent with spaces.';
  if (code === 'TAG_RESOLVE_FAILED') return 'Remove the tag.';
  return 'Correct the syntax; a value with : or # in it needs quotes.';
}

/**
 * Where brackets, list marks or indentation are nested beyond all reason, found before the parser recurses into them.
 * Brackets in texts count as well: no scenario has so many.
 */
function tooDeep(text: string): { line: number; column: number } | null {
  let brackets = 0;
  let line = 1;
  let lineStart = 0;
  let marks = 0;
  let leading = true;
  const indents: number[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const letter = text.charCodeAt(index);
    if (letter === 10) {
      line += 1;
      lineStart = index + 1;
      leading = true;
      marks = 0;
      continue;
    }
    if (leading && letter !== 32) {
      const indent = index - lineStart;
      while (indents.length > 0 && indents.at(-1)! >= indent) indents.pop();
      indents.push(indent);
      leading = letter === 45 || letter === 63 || letter === 58;
      if (leading) marks += 1;
    }
    if (letter === 91 || letter === 123) brackets += 1;
    else if (letter === 93 || letter === 125) brackets = Math.max(0, brackets - 1);
    if (Math.max(brackets, marks, indents.length) > MOST_LEVELS) return { line, column: index - lineStart + 1 };
  }
  return null;
}
