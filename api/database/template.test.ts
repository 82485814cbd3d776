import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filterTar, readTar } from './tar.ts';
import { postgisBundle, templateUsable, templateVersion, unpackTemplate, writeTemplate } from './template.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flextraff-template-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** One tar entry; enough of a header for a reader. */
function entry(name: string, content: string, type = '0'): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  const data = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  data.write(content);
  return Buffer.concat([header, data]);
}

const archive = (...entries: Buffer[]): Buffer => Buffer.concat([...entries, Buffer.alloc(1024)]);

describe('the template', () => {
  it('is unpacked with its directories, empty ones too', () => {
    const file = join(directory, 'template.tar.gz');
    writeFileSync(
      file,
      gzipSync(
        archive(entry('/PG_VERSION', '18\n'), entry('/pg_notify/', '', '5'), entry('/base/5/1', 'x'.repeat(1000))),
      ),
    );
    unpackTemplate(file, join(directory, 'out'));
    expect(readFileSync(join(directory, 'out', 'PG_VERSION'), 'utf8')).toBe('18\n');
    expect(readFileSync(join(directory, 'out', 'base/5/1'), 'utf8')).toBe('x'.repeat(1000));
    expect(existsSync(join(directory, 'out', 'pg_notify'))).toBe(true);
  });

  it('writes nothing outside its directory, and refuses links, pieces and other things', () => {
    const file = join(directory, 'template.tar.gz');
    const refuse = (content: Buffer, reason: string): void => {
      writeFileSync(file, gzipSync(content));
      expect(() => unpackTemplate(file, join(directory, 'out'))).toThrowError(reason);
    };
    refuse(archive(entry('../evil', 'x')), 'leads out');
    refuse(archive(entry('/a/../../evil', 'x')), 'leads out');
    refuse(archive(entry('/link', '', '2')), 'neither a file nor a directory');
    refuse(entry('/PG_VERSION', 'x'.repeat(2000)).subarray(0, 1024), 'cut off at /PG_VERSION');
    refuse(archive(entry('/other', 'x')), 'holds no database');
    expect(existsSync(join(directory, 'evil'))).toBe(false);
  });

  it('is used with the versions that it was made with only', () => {
    const file = join(directory, 'template.tar.gz');
    expect(templateUsable(file)).toBe(false);
    writeTemplate(file, Buffer.from('x'));
    expect(templateUsable(file)).toBe(true);
    writeFileSync(`${file}.json`, JSON.stringify({ ...templateVersion(), migrations: '0' }));
    expect(templateUsable(file)).toBe(false);
  });

  it('has a PostGIS beside it that lacks raster and topology alone', () => {
    const file = join(directory, 'template.tar.gz');
    expect(postgisBundle(file)).toBeNull();
    writeTemplate(file, Buffer.from('x'));
    const bundle = postgisBundle(file);
    const names = [...readTar(gunzipSync(readFileSync(bundle as string)))].map((kept) => kept.name);
    expect(names).toContain('lib/postgresql/postgis-3.so');
    expect(names).toContain('share/proj/proj.db');
    expect(names).toContain('share/postgresql/extension/postgis.control');
    expect(names.some((name) => /extension\/postgis--\d[\d.]*\.sql$/.test(name))).toBe(true);
    expect(names.filter((name) => /raster|topology|tiger/.test(name))).toEqual([]);
  });
});

describe('a tar', () => {
  it('stays one when entries are left out', () => {
    const tar = archive(entry('a', '1'), entry('b', '22'), entry('c', '333'));
    const kept = [...readTar(filterTar(tar, ({ name }) => name !== 'b'))];
    expect(kept.map(({ name, data }) => [name, Buffer.from(data).toString()])).toEqual([
      ['a', '1'],
      ['c', '333'],
    ]);
  });
});
