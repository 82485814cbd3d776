/** What `flextraff controller` is to command, and with which strategies: from a file, a folder, a scenario, or the broker. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import type { ControlledJunction } from '../controller/service/index.ts';
import type { Parameters } from '../controller/types.ts';
import { configurationFromMessage } from '../feeds/codec.ts';
import type { Dialect, DialectJunction } from '../feeds/dialects.ts';
import type { Link } from '../feeds/link.ts';
import { configurationSchema } from '../feeds/messages.ts';
import type { JunctionConfiguration } from '../junction/types.ts';
import { Refusal } from './failure.ts';
import { parseVariant } from './variants.ts';

const value = z.union([z.number(), z.string(), z.boolean()]);
const strategySchema = { strategy: z.string().min(1).optional(), parameters: z.record(z.string(), value).optional() };

/** The file of `--config`. */
export const controllerConfigSchema = z.strictObject({
  /** Lamps of a real street may be driven. */
  live: z.boolean().optional(),
  /** What topics begin with; `flextraff` for streets. */
  prefix: z.string().min(1).optional(),
  ...strategySchema,
  junctions: z
    .array(
      z.strictObject({
        /** A file with the junction's configuration as it is retained on the broker; relative to this file. */
        configuration: z.string().min(1),
        ...strategySchema,
        dialect: z
          .strictObject({
            name: z.enum(['deployed', 'first']),
            number: z.number().int().min(0),
            speak: z.boolean(),
          })
          .optional(),
      }),
    )
    .min(1),
});

export interface ControllerSetUp {
  readonly live: boolean;
  readonly prefix: string | null;
  readonly junctions: readonly ControlledJunction[];
  readonly dialects: readonly DialectJunction[];
}

interface Chosen {
  readonly strategy: string;
  readonly parameters: Parameters;
}

/** `--strategy NAME[,key=value...]`. Throws Refusal. */
export function parseStrategy(text: string): Chosen {
  const { strategy, parameters } = parseVariant(`strategy=${text}`);
  return { strategy, parameters };
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(`${path} cannot be read: ${error.code ?? error.message}. Check the path.`);
  });
}

async function readYaml(path: string): Promise<unknown> {
  const document = parseDocument(await readText(path));
  const [error] = document.errors;
  if (error !== undefined) throw new Refusal(`${path}: ${error.message}`);
  return document.toJS();
}

function explain(path: string, error: z.ZodError): Refusal {
  const problems = error.issues.slice(0, 5).map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`);
  return new Refusal(`${path}: ${problems.join('; ')}.`);
}

async function readConfiguration(path: string): Promise<JunctionConfiguration> {
  const parsed = configurationSchema.safeParse(await readYaml(path));
  if (!parsed.success) throw explain(path, parsed.error);
  return configurationFromMessage(parsed.data);
}

/** From a folder of junctions' configurations, or from a file that lists them. Throws Refusal. */
export async function readConfig(path: string, chosen: Chosen | null): Promise<ControllerSetUp> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new Refusal(`--config ${path}: there is no such file or folder.`);
  const other: Chosen = chosen ?? { strategy: 'atcs', parameters: {} };
  if (found.isDirectory()) {
    const names = (await readdir(path)).filter((name) => /\.(json|ya?ml)$/.test(name)).sort();
    if (names.length === 0)
      throw new Refusal(`--config ${path}: no .json or .yaml file with a junction's configuration in it.`);
    const configurations = await Promise.all(names.map((name) => readConfiguration(join(path, name))));
    return {
      live: false,
      prefix: null,
      junctions: configurations.map((configuration) => ({ configuration, ...other })),
      dialects: [],
    };
  }
  const parsed = controllerConfigSchema.safeParse(await readYaml(path));
  if (!parsed.success) throw explain(path, parsed.error);
  const { live = false, prefix = null, junctions } = parsed.data;
  const whole: Chosen =
    chosen ??
    (parsed.data.strategy === undefined
      ? other
      : { strategy: parsed.data.strategy, parameters: parsed.data.parameters ?? {} });
  const controlled: ControlledJunction[] = [];
  const dialects: DialectJunction[] = [];
  for (const { configuration: file, strategy, parameters, dialect } of junctions) {
    const configuration = await readConfiguration(resolve(dirname(path), file));
    const own = strategy === undefined ? whole : { strategy, parameters: parameters ?? {} };
    controlled.push({ configuration, ...own });
    if (dialect !== undefined) {
      const { name, number, speak } = dialect;
      dialects.push({ configuration, number, dialect: name satisfies Dialect, speak });
    }
  }
  return { live, prefix, junctions: controlled, dialects };
}

/** What the broker retains: the junctions as their devices know them. Waits until none has come for a while. */
export async function retainedConfigurations(
  link: Link,
  prefix: string,
  waitMs = 700,
): Promise<readonly JunctionConfiguration[]> {
  const found = new Map<string, JunctionConfiguration>();
  let lastMs = performance.now();
  const end = await link.subscribe(prefix, ['configuration'], ({ message }) => {
    const configuration = configurationFromMessage(message);
    found.set(configuration.junctionId, configuration);
    lastMs = performance.now();
  });
  while (performance.now() - lastMs < waitMs) await new Promise((resolve) => setTimeout(resolve, 50));
  await end();
  return [...found.values()].sort((a, b) => (a.junctionId < b.junctionId ? -1 : 1));
}

/** Those of a list of names or ids. Throws Refusal for one that there is not. */
export function chooseJunctions(
  junctions: readonly ControlledJunction[],
  list: string | undefined,
): readonly ControlledJunction[] {
  if (list === undefined) return junctions;
  const wanted = list.split(',').map((name) => name.trim());
  const matches = ({ configuration }: ControlledJunction, name: string): boolean =>
    configuration.junctionId === name.toLowerCase() || configuration.name === name;
  for (const name of wanted) {
    if (junctions.some((one) => matches(one, name))) continue;
    const known = junctions
      .slice(0, 10)
      .map((one) => `${one.configuration.name} (${one.configuration.junctionId})`)
      .join(', ');
    throw new Refusal(`--junctions: there is no junction "${name}"; there are ${known || 'none'}.`);
  }
  return junctions.filter((one) => wanted.some((name) => matches(one, name)));
}
