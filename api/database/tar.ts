const BLOCK_BYTES = 512;

export interface TarEntry {
  name: string;
  type: 'file' | 'directory' | 'other';
  data: Uint8Array;
  /** Header and data with their padding, as they stand in the archive. */
  blocks: Uint8Array;
}

/** Entries of a tar (ustar) in order. Throws where it is cut off. */
export function* readTar(tar: Uint8Array): Generator<TarEntry> {
  let offset = 0;
  while (offset + BLOCK_BYTES <= tar.length && tar[offset] !== 0) {
    const header = tar.subarray(offset, offset + BLOCK_BYTES);
    const prefix = text(header, 345, 155);
    const name = (prefix === '' ? '' : `${prefix}/`) + text(header, 0, 100);
    const size = Number.parseInt(text(header, 124, 12).trim() || '0', 8);
    const dataAt = offset + BLOCK_BYTES;
    const end = dataAt + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
    if (!(end <= tar.length)) throw new Error(`The archive is cut off at ${name}.`);
    const flag = String.fromCharCode(header[156] as number);
    yield {
      name,
      type: flag === '5' ? 'directory' : flag === '0' || flag === '\0' ? 'file' : 'other',
      data: tar.subarray(dataAt, dataAt + size),
      blocks: tar.subarray(offset, end),
    };
    offset = end;
  }
}

/** The entries that `keep` says yes to, as a tar again. */
export function filterTar(tar: Uint8Array, keep: (entry: TarEntry) => boolean): Uint8Array {
  const kept = [...readTar(tar)].filter(keep).map((entry) => entry.blocks);
  return Buffer.concat([...kept, new Uint8Array(2 * BLOCK_BYTES)]);
}

function text(header: Uint8Array, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end)).toString('utf8');
}
