/** Text of input files, whatever their encoding, within bounds. */
import { open, stat } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';

/** Longest text that a JavaScript string holds with room to work, bytes. */
const MOST_BYTES = 400 * 1024 * 1024;

/** A file that cannot be read as text. The message is for the user. */
export class UnreadableFile extends Error {
  constructor(path: string, problem: string, remedy: string, options?: ErrorOptions) {
    super(`${path}: ${problem}. ${remedy}`, options);
    this.name = 'UnreadableFile';
  }
}

/**
 * The text of a file in UTF-8, UTF-16 (with byte order mark) or what its XML declaration names; `.gz` is unpacked.
 * Throws UnreadableFile: not there, no file, no rights, too large, or bytes that are no such text.
 */
export async function readInputText(path: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const problem = error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code ?? error.message})`;
    throw new UnreadableFile(path, problem, 'Check the path.', { cause: error });
  });
  // a pipe or a device may never end
  if (!found.isFile()) throw new UnreadableFile(path, 'is no file', 'Name the file itself.');
  if (found.size > MOST_BYTES) throw tooLarge(path, found.size);
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new UnreadableFile(path, `cannot be read (${error.code ?? error.message})`, 'Check its permissions.', {
      cause: error,
    });
  });
  let bytes: Buffer;
  try {
    bytes = await file.readFile();
  } finally {
    await file.close();
  }
  if (path.endsWith('.gz')) {
    try {
      bytes = gunzipSync(bytes, { maxOutputLength: MOST_BYTES });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(path, Number.NaN);
      throw new UnreadableFile(path, 'is no gzip file, or is damaged', 'Fetch or write it again.', { cause: error });
    }
  }
  return decode(bytes, path);
}

function tooLarge(path: string, size: number): UnreadableFile {
  const many = Number.isNaN(size)
    ? 'unpacks to more than 400 MiB'
    : `has ${Math.round(size / 1048576)} MiB; at most 400`;
  return new UnreadableFile(path, many, 'Cut the network or the time, or split the file.');
}

function decode(bytes: Buffer, path: string): string {
  const head = bytes.subarray(0, 200).toString('latin1');
  const marked =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : null;
  const declared = /^\s*<\?xml[^>]*encoding\s*=\s*["']([^"']+)["']/.exec(head)?.[1];
  const name = marked ?? declared ?? 'utf-8';
  let decoder: { decode(bytes: Uint8Array): string };
  try {
    decoder = new TextDecoder(name, { fatal: true });
  } catch (error) {
    throw new UnreadableFile(path, `has the encoding "${name.slice(0, 40)}", which is not known`, 'Save it as UTF-8.', {
      cause: error,
    });
  }
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw new UnreadableFile(
      path,
      `is no text in ${name}`,
      'Save it as UTF-8, or name its encoding in the first line.',
      {
        cause: error,
      },
    );
  }
}
