/** Checked access to parsed JSON: every refusal says file, element, what is there, what is allowed and what to do. */

/** An input file that cannot be used as it is. The message is for the user. */
export class InputFileError extends Error {
  constructor(file: string, element: string, problem: string, remedy: string) {
    super(
      `${file}: ${element === '' ? '' : `${bounded(element, 300)} `}${bounded(problem, 1500)}. ${bounded(remedy, 500)}`,
    );
    this.name = 'InputFileError';
  }
}

/** What a file puts into a message must not make it unreadable. */
function bounded(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** The short form of a value in a message. */
function shown(value: unknown): string {
  if (value === undefined) return 'is missing';
  const text = textOf(value);
  return `is ${text.length > 60 ? `${text.slice(0, 57)}...` : text}`;
}

/** JSON of a value; what is nested too deep for that is named only. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Array.isArray(value) ? '[...' : '{...';
  }
}

/** Reads members of one file. */
export class JsonReader {
  readonly file: string;
  constructor(file: string) {
    this.file = file;
  }
  refuse(element: string, problem: string, remedy: string): never {
    throw new InputFileError(this.file, element, problem, remedy);
  }
  object(value: unknown, element: string): JsonObject {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.refuse(
        element,
        `${shown(value)}; an object is needed`,
        'Write it as {...} with the members CityFlow asks for.',
      );
    }
    return value as JsonObject;
  }
  array(value: unknown, element: string): readonly unknown[] {
    if (!Array.isArray(value)) this.refuse(element, `${shown(value)}; an array is needed`, 'Write it as [...].');
    return value as readonly unknown[];
  }
  string(value: unknown, element: string): string {
    if (typeof value !== 'string' || value === '') {
      this.refuse(element, `${shown(value)}; a text of at least one character is needed`, 'Give its id in quotes.');
    }
    return value;
  }
  boolean(value: unknown, element: string): boolean {
    if (typeof value !== 'boolean')
      this.refuse(element, `${shown(value)}; true or false is needed`, 'Write true or false.');
    return value;
  }
  /** A finite number within [least, most]; `open` excludes `least` itself. */
  number(value: unknown, element: string, least = -1e9, most = 1e9, open = false): number {
    if (
      typeof value !== 'number' ||
      !Number.isFinite(value) ||
      value < least ||
      value > most ||
      (open && value === least)
    ) {
      const range = `${open ? 'more than' : 'at least'} ${least} and at most ${most}`;
      this.refuse(element, `${shown(value)}; a number ${range} is needed`, 'Correct the value.');
    }
    return value;
  }
  integer(value: unknown, element: string, least: number, most: number): number {
    const number = this.number(value, element, least, most);
    if (!Number.isInteger(number)) this.refuse(element, `${shown(value)}; a whole number is needed`, 'Round it.');
    return number;
  }
}
