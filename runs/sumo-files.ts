/** SUMO's files, read from disk into a case: what a `.sumocfg` names, or a network and routes. */
import { basename, dirname, join } from 'node:path';
import { noticesOf, type SumoCase } from '../sim/network/sumo/case.ts';
import { noteTeleport, readSumoConfig } from '../sim/network/sumo/config.ts';
import { readSumoNet } from '../sim/network/sumo/net.ts';
import { Notices, refuseFalsifying, type SumoNotice } from '../sim/network/sumo/notices.ts';
import { withPrograms } from '../sim/network/sumo/programs.ts';
import type { SumoRoutes } from '../sim/network/sumo/route-types.ts';
import { readSumoRoutes } from '../sim/network/sumo/routes.ts';
import { readInputText, UnreadableFile } from './input-text.ts';

/** Files given one by one, in place of a configuration. */
export interface SumoFileNames {
  readonly net: string;
  readonly routes: readonly string[];
  readonly additional?: readonly string[];
  /** On the files' clock, s; default 0. */
  readonly begin?: number;
  /** Default: none. */
  readonly end?: number;
}

export interface OpenedSumo {
  readonly files: SumoCase;
  /** On the files' clock; NaN where nothing says when to end. */
  readonly endSeconds: number;
}

/** Opens what a configuration names. Throws InputFileError or UnreadableFile. */
export async function openSumoConfig(path: string): Promise<OpenedSumo> {
  const config = readSumoConfig(await readInputText(path), path);
  const beside = (name: string) => (name.startsWith('/') ? name : join(dirname(path), name));
  return openFiles(basename(path).replace(/\.sumocfg$|\.xml$/, ''), {
    path,
    net: beside(config.netFile),
    routes: config.routeFiles.map(beside),
    additional: config.additionalFiles.map(beside),
    beginSeconds: config.beginSeconds,
    endSeconds: config.endSeconds,
    stepSeconds: config.stepSeconds,
    ballistic: config.ballistic,
    notices: config.notices,
  });
}

/** Opens a network and routes, in steps of 1 s. Throws InputFileError or UnreadableFile. */
export async function openSumoFiles(names: SumoFileNames): Promise<OpenedSumo> {
  const notices = new Notices();
  noteTeleport(undefined, names.net, notices);
  return openFiles(basename(names.routes[0] ?? names.net).replace(/(\.rou|\.net)?\.xml(\.gz)?$/, ''), {
    path: names.net,
    net: names.net,
    routes: names.routes,
    additional: names.additional ?? [],
    beginSeconds: names.begin ?? 0,
    endSeconds: names.end ?? Number.NaN,
    stepSeconds: 1,
    ballistic: false,
    notices: notices.list(),
  });
}

interface Found {
  readonly path: string;
  readonly net: string;
  readonly routes: readonly string[];
  readonly additional: readonly string[];
  readonly beginSeconds: number;
  readonly endSeconds: number;
  readonly stepSeconds: number;
  readonly ballistic: boolean;
  readonly notices: readonly SumoNotice[];
}

/** Text of a file that `by` names, which a message about it says too. */
async function readNamed(file: string, by: string): Promise<string> {
  try {
    return await readInputText(file);
  } catch (error) {
    if (file !== by && error instanceof UnreadableFile) error.message = `${by} names ${error.message}`;
    throw error;
  }
}

async function openFiles(name: string, found: Found): Promise<OpenedSumo> {
  let net = readSumoNet(await readNamed(found.net, found.path), found.net);
  const routes: SumoRoutes[] = [];
  const context = () => ({
    types: new Map(routes.flatMap((file) => [...file.types])),
    routes: new Map(routes.flatMap((file) => [...file.routes])),
    routeDistributions: new Map(routes.flatMap((file) => [...file.routeDistributions])),
  });
  for (const file of found.additional) {
    const text = await readNamed(file, found.path);
    net = withPrograms(net, text, file);
    routes.push(readSumoRoutes(text, file, net, context()));
  }
  for (const file of found.routes) {
    const text = await readNamed(file, found.path);
    routes.push(readSumoRoutes(text, file, net, context()));
  }
  const { beginSeconds, stepSeconds, ballistic, endSeconds } = found;
  const own = new Notices();
  const demanded = routes.some(({ vehicles }) => vehicles.length > 0);
  if (!demanded) own.ignore('vehicles', found.path, 'there are none: nothing will move');
  const files: SumoCase = {
    name,
    net,
    routes,
    beginSeconds,
    stepSeconds,
    ballistic,
    notices: [...found.notices, ...own.list()],
  };
  refuseFalsifying(found.path, noticesOf(files));
  return { files, endSeconds };
}
