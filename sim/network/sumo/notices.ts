/** What a file asks for that is not done: listed once, by name and count, and refused where the result would be false. */
import { InputFileError } from '../json.ts';

export interface SumoNotice {
  /** The element, attribute or option, as the file has it. */
  readonly what: string;
  readonly count: number;
  /** File and line of the first. */
  readonly where: string;
  /** What it means for the result. */
  readonly effect: string;
  /** Whether a result without it would be false. */
  readonly falsifies: boolean;
}

/** Collects notices of the same kind under one entry. */
export class Notices {
  private readonly entries = new Map<string, { -readonly [K in keyof SumoNotice]: SumoNotice[K] }>();

  private note(what: string, where: string, effect: string, falsifies: boolean): void {
    const entry = this.entries.get(what);
    if (entry === undefined) this.entries.set(what, { what, count: 1, where, effect, falsifies });
    else entry.count++;
  }

  /** Left out without harm to the result, or with the harm that `effect` tells. */
  ignore(what: string, where: string, effect: string): void {
    this.note(what, where, effect, false);
  }

  /** A result without it would be false. */
  falsify(what: string, where: string, effect: string): void {
    this.note(what, where, effect, true);
  }

  list(): readonly SumoNotice[] {
    return [...this.entries.values()];
  }
}

/** One line for a person. */
export function noticeText(notice: SumoNotice): string {
  return `${notice.what} (${notice.count} ${notice.count === 1 ? 'time' : 'times'}, first ${notice.where}): ${notice.effect}.`;
}

/** Throws InputFileError that lists all notices without which the result would be false; nothing if there are none. */
export function refuseFalsifying(file: string, notices: readonly SumoNotice[]): void {
  const wrong = notices.filter((notice) => notice.falsifies);
  if (wrong.length === 0) return;
  throw new InputFileError(
    file,
    '',
    `asks for what is not simulated, and the result would be false without it: ${wrong.map(noticeText).join(' ')}`.replace(
      /\.$/,
      '',
    ),
    'Remove these from the file, or run it with sumo.',
  );
}
