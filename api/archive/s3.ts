/** An S3-compatible bucket. Loaded only where one is used: the client costs half a second. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { ArchiveStorage, StorageClass, StoredFile } from './storage.ts';

export interface S3Options {
  bucket: string;
  /** Without a slash at the end; may be empty. */
  prefix: string;
  endpoint: string | undefined;
  region: string | undefined;
}

/** Names of AWS for 002's classes: both can be read at once, so that a backfill needs no restoring first. */
const CLASSES = { standard: 'STANDARD', nearline: 'STANDARD_IA', coldline: 'GLACIER_IR' } as const;
const ATTEMPTS = 3;
const CONTENT_TYPE = 'application/vnd.apache.parquet';

export class S3Storage implements ArchiveStorage {
  readonly description: string;
  #client: S3Client;
  #bucket: string;
  #prefix: string;
  #folder: Promise<string> | null = null;

  constructor(options: S3Options) {
    this.#bucket = options.bucket;
    this.#prefix = options.prefix === '' ? '' : `${options.prefix}/`;
    this.description = `s3://${options.bucket}/${options.prefix}`;
    this.#client = new S3Client({
      region: options.region ?? 'us-east-1',
      maxAttempts: ATTEMPTS,
      // Servers other than AWS know neither buckets as host names nor the newer checksums.
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint, forcePathStyle: true }),
      // What is sent is small: asking first whether it may be costs seconds with servers that do not answer.
      expectContinueHeader: false,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  async put(key: string, path: string): Promise<void> {
    await this.#client.send(
      new PutObjectCommand({
        Bucket: this.#bucket,
        Key: this.#prefix + key,
        Body: await readFile(path),
        ContentType: CONTENT_TYPE,
      }),
    );
  }

  async list(prefix: string): Promise<StoredFile[]> {
    const files: StoredFile[] = [];
    let token: string | undefined;
    do {
      const answer = await this.#client.send(
        new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: this.#prefix + prefix, ContinuationToken: token }),
      );
      for (const object of answer.Contents ?? []) {
        if (object.Key?.endsWith('.parquet') !== true) continue;
        files.push({
          key: object.Key.slice(this.#prefix.length),
          bytes: object.Size ?? 0,
          storageClass: classOf(object.StorageClass),
        });
      }
      token = answer.IsTruncated === true ? answer.NextContinuationToken : undefined;
    } while (token !== undefined);
    return files.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async open(key: string): Promise<{ path: string; release: () => Promise<void> }> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'flextraff-archive-'));
    const path = join(await this.#folder, `${randomUUID()}.parquet`);
    const answer = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key }));
    await pipeline(answer.Body as Readable, createWriteStream(path, { mode: 0o600 }));
    return { path, release: () => rm(path, { force: true }) };
  }

  async remove(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key }));
  }

  async setClass(key: string, storageClass: StorageClass): Promise<boolean> {
    try {
      await this.#copyOntoItself(key, storageClass);
      return true;
    } catch (error) {
      if ((error as Error).name === 'InvalidStorageClass') return false;
      throw error;
    }
  }

  async #copyOntoItself(key: string, storageClass: StorageClass): Promise<void> {
    await this.#client.send(
      new CopyObjectCommand({
        Bucket: this.#bucket,
        Key: this.#prefix + key,
        CopySource: `${this.#bucket}/${this.#prefix}${key}`.split('/').map(encodeURIComponent).join('/'),
        // Some servers take a copy onto itself only with new metadata.
        MetadataDirective: 'REPLACE',
        ContentType: CONTENT_TYPE,
        StorageClass: CLASSES[storageClass],
      }),
    );
  }

  async close(): Promise<void> {
    this.#client.destroy();
    if (this.#folder !== null) await rm(await this.#folder, { recursive: true, force: true });
  }
}

function classOf(name: string | undefined): StorageClass {
  if (name === CLASSES.nearline) return 'nearline';
  return name === CLASSES.coldline ? 'coldline' : 'standard';
}
