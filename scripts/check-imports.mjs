/**
 * Checks who imports whom (docs/ARCHITECTURE.md), and that what must be deterministic uses nothing that differs from
 * machine to machine or from run to run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseSync, visitorKeys } from 'oxc-parser';

const FOLDERS = [
  'junction',
  'scenarios',
  'feeds',
  'sim',
  'controller',
  'runs',
  'api',
  'twin-ui',
  'cli',
  'bench',
  'test',
  'scripts',
];
const ALL = ['junction', 'scenarios', 'feeds', 'sim', 'controller', 'runs', 'api'];

/** `may`: folders it may import from; `types`: folders of which it may import types only, but in tests; `files`: single files. Its own folder always. */
const RULES = {
  junction: { may: [] },
  scenarios: { may: ['junction'] },
  feeds: { may: ['junction'] },
  // codec, envelope and frame are pure: simulated devices speak exactly what real ones speak
  sim: {
    may: ['junction', 'scenarios'],
    types: ['feeds'],
    files: ['feeds/codec.ts', 'feeds/v2x/read.ts', 'feeds/v2x/local-frame.ts'],
  },
  controller: { may: ['junction', 'feeds'] },
  runs: { may: ['junction', 'scenarios', 'feeds', 'sim', 'controller'] },
  api: { may: ['junction', 'scenarios', 'feeds', 'controller', 'runs'] },
  'twin-ui': { may: [], types: ['api', 'runs'] },
  cli: { may: [...ALL, 'root'] },
  bench: { may: [...ALL, 'root', 'cli', 'test'] },
  test: { may: [...ALL, 'root', 'cli', 'scripts', 'twin-ui'] },
  scripts: { may: [...ALL, 'root'] },
  root: { may: [...ALL, 'cli'] },
};

/** Node's own modules that a folder may use outside its tests; absent: all. */
const NODE_MODULES = { junction: [], sim: ['node:crypto'], 'twin-ui': [] };
/** Folders that may not use packages either. */
const NO_PACKAGES = ['junction'];

const DETERMINISTIC = ['junction', 'sim', 'controller'];
/** `+ - * /` and these are the same to the last bit on every machine. */
const MATH = [
  'abs',
  'ceil',
  'floor',
  'fround',
  'imul',
  'log',
  'max',
  'min',
  'round',
  'sign',
  'sqrt',
  'trunc',
  'PI',
  'SQRT2',
  'LN2',
  'E',
  'LN10',
  'LOG2E',
  'LOG10E',
  'SQRT1_2',
  'clz32',
];
const MOMENTS = ['performance', 'process', 'setTimeout', 'setInterval', 'setImmediate', 'fetch', 'crypto', 'navigator'];

const isTest = (path) => /\.test\.tsx?$/.test(path) || /(^|\/)(testing|fixtures)(\/|\.ts$)/.test(path);
const folderOf = (path) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : 'root');

function* nodesOf(node, parent = null) {
  yield [node, parent];
  for (const key of visitorKeys[node.type] ?? []) {
    const child = node[key];
    if (Array.isArray(child)) {
      for (const one of child) if (one) yield* nodesOf(one, node);
    } else if (child) yield* nodesOf(child, node);
  }
}

/** What a node imports: `{ source, typeOnly }`, or null. */
function importOf(node) {
  switch (node.type) {
    case 'ImportDeclaration':
      return { source: node.source.value, typeOnly: node.importKind === 'type' };
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return node.source ? { source: node.source.value, typeOnly: node.exportKind === 'type' } : null;
    case 'ImportExpression':
      return node.source.type === 'Literal' ? { source: node.source.value, typeOnly: false } : null;
    case 'TSImportType':
      return { source: node.source.value, typeOnly: true };
    case 'NewExpression':
      // new URL('./worker.ts', import.meta.url) starts a worker: an import like any other
      return node.callee.name === 'URL' &&
        node.arguments.length === 2 &&
        node.arguments[0].type === 'Literal' &&
        node.arguments[1].type === 'MemberExpression'
        ? { source: node.arguments[0].value, typeOnly: false, url: true }
        : null;
    default:
      return null;
  }
}

function importProblem(path, { source, typeOnly, url }) {
  const folder = folderOf(path);
  const rule = RULES[folder];
  const test = isTest(path);
  if (!source.startsWith('.')) {
    if (url) return null;
    if (source.startsWith('node:')) {
      const allowed = NODE_MODULES[folder];
      return !allowed || allowed.includes(source) || test || typeOnly || path.endsWith('vite.config.ts')
        ? null
        : `${folder} may not use ${source}${allowed.length > 0 ? ` (allowed: ${allowed.join(', ')})` : ''}`;
    }
    return NO_PACKAGES.includes(folder) && !test && !typeOnly
      ? `${folder} imports nothing, so not the package ${source} either`
      : null;
  }
  const target = posix.normalize(posix.join(posix.dirname(path), source));
  if (target.startsWith('..')) return `${source} lies outside the project`;
  const to = folderOf(target);
  if (to === folder) return null;
  if (!FOLDERS.includes(to) && to !== 'root') return null;
  if (to === 'root' && target === 'package.json') return null;
  if (rule.may.includes(to) || ((typeOnly || test) && rule.types?.includes(to)) || rule.files?.includes(target))
    return null;
  const allowed = [
    ...rule.may,
    ...(rule.types ?? []).map((name) => `${name} (with \`import type\`)`),
    ...(rule.files ?? []),
  ];
  return `${folder} may not import from ${to === 'root' ? target : to}; it may import from ${allowed.length > 0 ? allowed.join(', ') : 'nothing'}`;
}

function purityProblem(folder, path, node, parent) {
  const service = path.startsWith('controller/service/');
  if (node.type === 'BinaryExpression' || node.type === 'AssignmentExpression') {
    if (node.operator === '**' || node.operator === '**=')
      return `\`${node.operator}\` differs between machines in the last bit: write x * x, or use @stdlib/math-base-special-pow`;
    return null;
  }
  if (node.type === 'Identifier' && node.name === 'Math') {
    if (parent.type === 'Property' && parent.key === node && !parent.computed && !parent.shorthand) return null;
    if (parent.type === 'MemberExpression' && parent.property === node && !parent.computed) return null;
    const used =
      parent.type === 'MemberExpression' && parent.object === node && !parent.computed ? parent.property.name : null;
    if (used !== null && MATH.includes(used)) return null;
    return used === 'random'
      ? 'Math.random is not repeatable: draw from a stream of the seed'
      : `Math${used ? `.${used}` : ''} may differ between machines: use @stdlib/math-base-special-*, or one of ${MATH.slice(0, 12).join(', ')}`;
  }
  if (service) return null;
  if (node.type === 'MemberExpression' && node.object.name === 'Date' && !node.computed && node.property.name === 'now')
    return 'Date.now is the wall clock: take the time from the tick or the observation';
  if (
    (node.type === 'NewExpression' || node.type === 'CallExpression') &&
    node.callee.name === 'Date' &&
    node.arguments.length === 0
  )
    return 'Date without arguments is the wall clock: take the time from the tick or the observation';
  if (node.type === 'MemberExpression' && node.property.name === 'localeCompare')
    return 'localeCompare depends on the machine: compare with < and >';
  if (folder === 'controller') return null;
  const name =
    node.type === 'MemberExpression' ? node.object.name : node.type === 'CallExpression' ? node.callee.name : undefined;
  if (name !== undefined && MOMENTS.includes(name))
    return `${name} reaches outside: ${folder} depends on its input alone`;
  return null;
}

/** Problems of one file, each `path:line what`. `path` is relative to the root, with slashes. */
export function checkFile(path, text) {
  const { program, errors } = parseSync(path, text);
  const at = (offset) => `${path}:${text.slice(0, offset).split('\n').length}`;
  if (errors.length > 0) return [`${path}: cannot be parsed: ${errors[0].message}`];
  const folder = folderOf(path);
  const problems = [];
  for (const [node, parent] of nodesOf(program)) {
    const found = importOf(node);
    const problem = found && importProblem(path, found);
    if (problem) problems.push(`${at(node.start)} ${problem}.`);
    if ((DETERMINISTIC.includes(folder) || path === 'feeds/codec.ts') && !isTest(path)) {
      const impure = purityProblem(folder, path, node, parent);
      if (impure) problems.push(`${at(node.start)} ${impure}.`);
    }
  }
  return problems;
}

function* sources(root) {
  const walk = function* (folder) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name === 'dist' || entry.name.startsWith('.')) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) yield* walk(path);
      else if (/\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts')) yield path;
    }
  };
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (entry.isDirectory() && FOLDERS.includes(entry.name)) yield* walk(join(root, entry.name));
    else if (entry.isFile() && entry.name.endsWith('.ts')) yield join(root, entry.name);
  }
}

/** Problems of all source files below `root`. */
export function checkImports(root) {
  const problems = [];
  for (const file of sources(root))
    problems.push(...checkFile(relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8')));
  return problems;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = checkImports(dirname(dirname(fileURLToPath(import.meta.url))));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
