/** Text files piece by piece: plain or gzip, in lines of bounded length. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { SafetySourceError } from './types.ts';

/** Longest line that is handed on; a longer one comes as `null`. */
export const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;

/** Pieces of a file, unpacked where its name ends in .gz. @throws SafetySourceError where that is no whole gzip file. */
export async function* pieces(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (!path.endsWith('.gz')) {
    yield* file as AsyncIterable<Buffer>;
    return;
  }
  const plain = createGunzip();
  file.on('error', (error) => plain.destroy(error));
  try {
    yield* file.pipe(plain);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_') !== true) throw error;
    throw new SafetySourceError(
      `${path} is no whole gzip file (${message}). Pack it again, or give the file unpacked.`,
    );
  } finally {
    file.destroy();
  }
}

/** The lines of a file; null stands for one of more than `most` characters, which is passed over. */
export async function* lines(path: string, most = MAX_LINE_CHARACTERS): AsyncGenerator<string | null> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let tooLong = false;
  for await (const piece of pieces(path)) {
    const text = decoder.write(piece);
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = rest + text.slice(from, end);
      yield tooLong || line.length > most ? null : line;
      rest = '';
      tooLong = false;
      from = end + 1;
    }
    if (!tooLong) rest += text.slice(from);
    if (rest.length > most) {
      rest = '';
      tooLong = true;
    }
  }
  rest += decoder.end();
  if (tooLong) yield null;
  else if (rest !== '') yield rest;
}

/** The first bytes of a file. */
export async function firstBytes(path: string, count: number): Promise<Buffer> {
  if (path.endsWith('.gz')) {
    const source = pieces(path);
    for await (const piece of source) return piece.subarray(0, count);
    return Buffer.alloc(0);
  }
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
