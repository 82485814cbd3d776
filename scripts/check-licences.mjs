/**
 * Checks the licence of every package in package-lock.json, those for development included, against a list of what is
 * allowed: licences that bind nobody who merely uses the package. GPL, AGPL, LGPL, SSPL and the like are not in it.
 * A package without a usable licence field is named below with what was found in its files.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** SPDX identifiers. MPL-2.0 binds changes to its own files only; EDL-1.0 is the BSD 3-clause text. */
export const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-4.0',
  'CC0-1.0',
  'EDL-1.0',
  'ISC',
  'MIT',
  'MPL-2.0',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/** Fields that are missing or misspelt: what to take instead, and a sentence that the package's own files must contain. */
export const EXCEPTIONS = {
  arc: { licence: 'BSD-2-Clause', file: 'LICENSE.md', contains: 'Redistribution and use in source and binary forms' },
  'xmlhttprequest-ssl': { licence: 'MIT', file: 'LICENSE', contains: 'Permission is hereby granted, free of charge' },
  // both come with s3rver, which only tests use
  'humanize-number': { licence: 'MIT', file: 'Readme.md', contains: 'MIT' },
  only: { licence: 'MIT', file: 'Readme.md', contains: 'The MIT License' },
  'splaytree-ts': {
    licence: 'BSD-3-Clause',
    file: 'LICENSE',
    contains: 'Redistribution and use in source and binary forms',
  },
};

/** Whether an SPDX expression (AND, OR, brackets) can be satisfied with allowed licences only. */
export function allows(expression, allowed = ALLOWED) {
  const tokens = expression.match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const atom = () => {
    const token = tokens[at++];
    if (token === '(') {
      const inside = either();
      return tokens[at++] === ')' && inside;
    }
    return token !== undefined && allowed.has(token);
  };
  const both = () => {
    let result = atom();
    while (tokens[at] === 'AND') {
      at++;
      result = atom() && result;
    }
    return result;
  };
  const either = () => {
    let result = both();
    while (tokens[at] === 'OR') {
      at++;
      result = both() || result;
    }
    return result;
  };
  const result = either();
  return at === tokens.length && result;
}

/** Problems, one sentence each; none when all is well. `root` holds package-lock.json and node_modules. */
export function checkLicences(root) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const problems = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '' || entry.link) continue;
    const name = path.replace(/^.*node_modules\//, '');
    const manifest = join(root, path, 'package.json');
    const installed = existsSync(manifest);
    if (!installed && !entry.optional && !entry.devOptional && !entry.peer) {
      problems.push(`${name}: not installed at ${path}; run npm ci.`);
      continue;
    }
    const field = installed ? JSON.parse(readFileSync(manifest, 'utf8')) : entry;
    let licence = field.license ?? field.licenses;
    if (Array.isArray(licence)) licence = licence.map((one) => one.type ?? one).join(' OR ');
    if (typeof licence === 'object' && licence !== null) licence = licence.type;
    if (typeof licence === 'string' && allows(licence)) continue;
    const exception = EXCEPTIONS[name];
    if (!exception) {
      problems.push(
        `${name} ${entry.version}: licence ${licence ?? 'not stated'} is not allowed. Replace the package, or look at it and extend scripts/check-licences.mjs.`,
      );
      continue;
    }
    const text = join(root, path, exception.file);
    if (!allows(exception.licence) || !existsSync(text) || !readFileSync(text, 'utf8').includes(exception.contains))
      problems.push(
        `${name} ${entry.version}: ${exception.file} does not hold the ${exception.licence} text that scripts/check-licences.mjs expects.`,
      );
  }
  return problems;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = checkLicences(dirname(dirname(fileURLToPath(import.meta.url))));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
