/** Collects the mistakes of one file while it is read, each with its place in the text. */
import type { Path, SourceDocument } from './document.ts';
import { listed, MOST_ISSUES, nearest, pathText, show } from './issues.ts';
import type { ScenarioIssue } from './types.ts';

export class Findings {
  readonly file: string;
  private readonly source: SourceDocument;
  private readonly found: ScenarioIssue[];
  private readonly mended: Path[] = [];
  private untold = 0;

  constructor(file: string, source: SourceDocument) {
    this.file = file;
    this.source = source;
    this.found = [...source.issues];
  }

  /** Reports a mistake in the value at `path`, unless that value was mended after an earlier report. */
  add(path: Path, message: string, hint: string): void {
    if (this.mended.some((mended) => startsWith(path, mended))) return;
    this.push(path, () => this.source.position(path), message, hint);
  }

  /** Reports a mistake that follows from values below `causes`, unless one of them was mended. */
  addConsequence(path: Path, causes: readonly Path[], message: string, hint: string): void {
    if (this.mended.some((mended) => causes.some((cause) => startsWith(mended, cause)))) return;
    this.add(path, message, hint);
  }

  /** Reports a mistake in a key of the map at `path`. */
  addAtKey(path: Path, key: string, message: string, hint: string): void {
    this.push([...path, key], () => this.source.keyPosition(path, key), message, hint);
  }

  /** Reports a name that stands for nothing, with the names that exist; answers the one that was probably meant. */
  addUnknown(path: Path, what: string, given: string, known: readonly string[]): string | undefined {
    const like = nearest(given, known);
    const hint = like === undefined ? `Use one of these, or add ${show(given)}.` : `Did you mean ${like}?`;
    this.add(path, `names ${what} ${show(given)}, which does not exist; there are ${listed(known)}`, hint);
    return like;
  }

  /** Reports every name after the first that is used twice. */
  addRepeated(names: readonly { readonly name: string; readonly path: Path }[], what: string): void {
    const seen = new Set<string>();
    for (const { name, path } of names) {
      if (seen.has(name))
        this.add(path, `is ${show(name)}, as is another ${what}; each needs a name of its own`, 'Rename one of them.');
      seen.add(name);
    }
  }

  /** From here on, what is wrong at or below this path has been said already. */
  markMended(path: Path): void {
    this.mended.push(path);
  }

  /** Mistakes found so far. */
  get count(): number {
    return this.found.length + this.untold;
  }

  /** By place in the file, at most MOST_ISSUES. */
  list(): ScenarioIssue[] {
    const sorted = [...this.found].sort((a, b) => a.line - b.line || a.column - b.column);
    const more = sorted.length + this.untold - MOST_ISSUES;
    if (more <= 0) return sorted;
    const last = sorted[MOST_ISSUES]!;
    const rest = `There are ${more} more mistakes from here on`;
    return [...sorted.slice(0, MOST_ISSUES), { ...last, path: '', message: rest, hint: 'Correct those above first.' }];
  }

  private push(path: Path, place: () => { line: number; column: number }, message: string, hint: string): void {
    if (this.found.length > 5 * MOST_ISSUES) {
      this.untold += 1;
      return;
    }
    const at = place();
    this.found.push({ file: this.file, line: at.line, column: at.column, path: pathText(path), message, hint });
  }
}

function startsWith(path: Path, start: Path): boolean {
  return start.length <= path.length && start.every((step, index) => path[index] === step);
}
