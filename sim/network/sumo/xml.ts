/** Reading SUMO's XML: elements one by one, with their place in the file, and checked access to their attributes. */
import { SaxesParser } from 'saxes';
import { InputFileError } from '../json.ts';

const MOST_DEPTH = 64;
/** Pieces of text handed to the parser, so that a refusal near the beginning of a large file comes at once. */
const CHUNK_CHARACTERS = 1 << 20;

/** One element, its attributes as text. Every refusal names file, line, element and attribute. */
export class XmlElement {
  readonly file: string;
  readonly name: string;
  readonly line: number;
  readonly parent: XmlElement | null;
  private readonly attributes: Readonly<Record<string, string>>;

  constructor(
    file: string,
    name: string,
    line: number,
    attributes: Readonly<Record<string, string>>,
    parent: XmlElement | null,
  ) {
    this.file = file;
    this.name = name;
    this.line = line;
    this.attributes = attributes;
    this.parent = parent;
  }

  /** `<lane id="a_0">`, as messages call it. */
  get title(): string {
    const id = this.attributes.id ?? this.attributes.index ?? '';
    return id === ''
      ? `<${this.name}>`
      : `<${this.name} ${'id' in this.attributes ? 'id' : 'index'}="${shortened(id)}">`;
  }

  /** Attribute names in the order of the file. */
  names(): string[] {
    return Object.keys(this.attributes);
  }

  has(name: string): boolean {
    return this.attributes[name] !== undefined;
  }

  refuse(problem: string, remedy: string): never {
    throw new InputFileError(`${this.file}:${this.line}`, this.title, problem, remedy);
  }

  /** The text of an attribute, or null. */
  optional(name: string): string | null {
    return this.attributes[name] ?? null;
  }

  /** The text of an attribute that must be there and not be empty. */
  text(name: string): string {
    const value = this.attributes[name];
    if (value === undefined || value === '') {
      this.refuse(
        `has no ${name}`,
        `Add ${name}="...", or let netconvert or the tool that wrote the file write it again.`,
      );
    }
    return value;
  }

  /** A number within [least, most]; `otherwise` where the attribute is absent; without `otherwise` it must be there. */
  number(name: string, least: number, most: number, otherwise?: number): number {
    const text = this.attributes[name];
    if (text === undefined && otherwise !== undefined) return otherwise;
    const value = plainNumber(text ?? this.text(name));
    if (!(value >= least && value <= most)) {
      this.refuse(`has ${name}="${shortened(text ?? '')}"; a number from ${least} to ${most} is needed`, 'Correct it.');
    }
    return value;
  }

  integer(name: string, least: number, most: number, otherwise?: number): number {
    const value = this.number(name, least, most, otherwise);
    if (!Number.isInteger(value))
      this.refuse(`has ${name}="${this.attributes[name]}"; a whole number is needed`, 'Round it.');
    return value;
  }

  boolean(name: string, otherwise: boolean): boolean {
    const text = this.attributes[name];
    if (text === undefined) return otherwise;
    if (['1', 'true', 'True', 'yes', 'on', 'x', 't'].includes(text)) return true;
    if (['0', 'false', 'False', 'no', 'off', '-', 'f'].includes(text)) return false;
    return this.refuse(`has ${name}="${shortened(text)}"; true or false is needed`, 'Write true or false.');
  }

  /** Seconds: a number, or h:mm:ss, or d:hh:mm:ss. */
  seconds(name: string, otherwise?: number): number {
    const text = this.attributes[name];
    if (text === undefined && otherwise !== undefined) return otherwise;
    const value = parseSeconds(text ?? this.text(name));
    if (!(value >= -1e9 && value <= 1e9)) {
      this.refuse(
        `has ${name}="${shortened(text ?? '')}"; seconds within 1e9, or h:mm:ss, are needed`,
        'Write the time in seconds.',
      );
    }
    return value;
  }

  /** Words separated by blanks (or commas, as older files have). */
  words(name: string): string[] {
    const text = this.attributes[name] ?? '';
    return text.split(/[\s,]+/).filter((word) => word !== '');
  }
}

/** NaN unless the text is a decimal number and nothing else. */
export function plainNumber(text: string): number {
  const trimmed = text.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : Number.NaN;
}

/** Seconds of `12.5`, `1:02:03` or `2:01:02:03` (days first); NaN for anything else. */
export function parseSeconds(text: string): number {
  if (!text.includes(':')) return plainNumber(text);
  const parts = text.trim().split(':').map(plainNumber);
  if (parts.length < 3 || parts.length > 4) return Number.NaN;
  const [days, hours, minutes, seconds] = parts.length === 4 ? parts : [0, ...parts];
  return days! * 86400 + hours! * 3600 + minutes! * 60 + seconds!;
}

export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

export interface XmlHandlers {
  /** Start of an element below the root; its parents have been seen. */
  readonly open: (element: XmlElement) => void;
  readonly close?: (element: XmlElement) => void;
  readonly root?: (element: XmlElement) => void;
}

/**
 * Walks through `text`, whose root must be one of `roots`. Throws InputFileError for what is not well-formed XML, for a
 * document type with declarations (entities are not expanded, so that they cannot multiply), and for depth over 64.
 */
export function walkXml(text: string, file: string, roots: readonly string[], handlers: XmlHandlers): void {
  const parser = new SaxesParser({ xmlns: false, position: true });
  let current: XmlElement | null = null;
  let depth = 0;
  parser.on('error', (error) => {
    const [, line, what] = /^(\d+):\d+: (.*)$/s.exec(error.message) ?? [null, String(parser.line), error.message];
    const inside = current === null ? 'the file' : `in ${current.title} of line ${current.line}`;
    throw new InputFileError(
      `${file}:${line}`,
      inside,
      `is not well-formed XML: ${what.replace(/\.$/, '')}`,
      'The file may be cut short or damaged: fetch or write it again.',
    );
  });
  parser.on('doctype', (doctype) => {
    if (doctype.includes('[')) {
      throw new InputFileError(
        `${file}:${parser.line}`,
        '<!DOCTYPE>',
        'declares entities or elements, which are not read',
        'Remove the declarations between [ and ]; SUMO files need none.',
      );
    }
  });
  parser.on('opentag', (tag) => {
    depth++;
    const element: XmlElement = new XmlElement(
      file,
      tag.name,
      parser.line,
      tag.attributes as Record<string, string>,
      current,
    );
    if (depth > MOST_DEPTH)
      element.refuse(`lies ${depth} elements deep; at most ${MOST_DEPTH}`, 'No SUMO file needs that.');
    if (current === null) {
      if (!roots.includes(tag.name)) {
        element.refuse(
          `is not a SUMO file of this kind; its root must be ${roots.map((root) => `<${root}>`).join(' or ')}`,
          'Check that the right file was given.',
        );
      }
      handlers.root?.(element);
    } else handlers.open(element);
    current = element;
  });
  parser.on('closetag', () => {
    depth--;
    const closed = current!;
    current = closed.parent;
    if (current !== null) handlers.close?.(closed);
  });
  for (let at = 0; at < text.length; at += CHUNK_CHARACTERS) parser.write(text.slice(at, at + CHUNK_CHARACTERS));
  if (text.length === 0) {
    throw new InputFileError(`${file}:1`, 'the file', 'is empty', 'Check that the right file was given.');
  }
  parser.close();
}
