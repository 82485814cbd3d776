import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from './errors.ts';

/** Hex digits kept of the HMAC: 128 bits, enough that two tags never meet. */
const HASH_DIGITS = 32;
const KEY_LENGTH_MIN = 32;

/**
 * A tag's EPC under the installation's key (HMAC-SHA256, its first 32 hex digits). The same tag gives the same hash, so
 * sightings can be joined; without the key nobody gets from the hash to the tag.
 */
export function hashEpc(key: Buffer, epc: string): string {
  return createHmac('sha256', key).update(epc, 'utf8').digest('hex').slice(0, HASH_DIGITS);
}

/**
 * The key: `FLEXTRAFF_EPC_KEY` (`given`, at least 32 characters), else the one in the data directory, which is made on
 * the first start and readable by its owner only. Lose it and new sightings no longer match old ones.
 */
export function loadEpcKey(dataDirectory: string, given?: string): Buffer {
  if (given !== undefined && given !== '') {
    if (given.length < KEY_LENGTH_MIN) {
      throw new StoreError(
        'epc_key_invalid',
        `FLEXTRAFF_EPC_KEY has ${given.length} characters; at least ${KEY_LENGTH_MIN}.`,
        {
          status: 400,
          hint: "Make one with: node -p \"require('node:crypto').randomBytes(32).toString('hex')\"",
        },
      );
    }
    return Buffer.from(given, 'utf8');
  }
  const key = keep(dataDirectory, 'epc.key', () => randomBytes(32).toString('hex'));
  if (key.length < KEY_LENGTH_MIN) {
    throw new StoreError(
      'epc_key_invalid',
      `${join(dataDirectory, 'epc.key')} holds no key of at least ${KEY_LENGTH_MIN} characters.`,
      {
        hint: 'Put the key back from a backup, or remove the file: then a new one is made, and old sightings no longer match new ones.',
      },
    );
  }
  return Buffer.from(key, 'utf8');
}

/** A UUID that stays with the data directory. */
export function loadInstallationId(dataDirectory: string): string {
  return keep(dataDirectory, 'installation-id', randomUUID);
}

function keep(dataDirectory: string, name: string, make: () => string): string {
  const path = join(dataDirectory, name);
  if (!existsSync(path)) {
    mkdirSync(dataDirectory, { recursive: true });
    writeFileSync(`${path}.part`, `${make()}\n`, { mode: 0o600 });
    renameSync(`${path}.part`, path);
  }
  return readFileSync(path, 'utf8').trim();
}
