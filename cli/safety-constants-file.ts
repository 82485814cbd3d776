/** The file that `flextraff safety --save-constants` writes. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { FrozenConstants } from '../runs/safety/index.ts';
import { Refusal } from './failure.ts';

const constantsSchema = z.object({
  version: z.number().int(),
  intervalSeconds: z.union([z.literal(60), z.literal(900)]),
  validFromMs: z.number(),
  validUntilMs: z.number().nullable(),
  vruConflictMax: z.number().positive(),
  vehicleConflictMax: z.number().positive(),
  volumeMax: z.number().positive(),
  speedSpreadMaxMetresPerSecond: z.number().positive(),
  hardBrakingMax: z.number().positive(),
  referenceSpeedMetresPerSecond: z.number().positive(),
});
const indicesSchema = z.object({
  vru: z.number(),
  vehicle: z.number(),
  traffic: z.number(),
  weather: z.number().nullable(),
  combined: z.number(),
});
const frozenSchema = z.object({
  minute: constantsSchema,
  quarterHour: constantsSchema,
  baselines: z.object({
    minute: z.record(z.string(), indicesSchema),
    quarterHour: z.record(z.string(), indicesSchema),
  }),
});

/** A JSON file that fits `schema`. Throws Refusal. */
export async function readJson<S extends z.ZodType>(path: string, schema: S, what: string): Promise<z.output<S>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Refusal(`${path}: ${(error as Error).message}. ${what} is expected, as JSON.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new Refusal(`${path}: ${issue.path.join('.') || 'it'}: ${issue.message}. ${what} is expected.`);
}

/** Constants and baselines frozen before. Throws Refusal. */
export const readFrozen = (path: string): Promise<FrozenConstants> =>
  readJson(path, frozenSchema, 'What --save-constants wrote');
