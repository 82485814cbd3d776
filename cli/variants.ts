import type { VariantSettings } from '../scenarios/types.ts';
import { Refusal } from './failure.ts';

const FORM = 'NAME=STRATEGY[,key=value...]';

function readValue(text: string): number | string | boolean {
  if (text === 'true') return true;
  if (text === 'false') return false;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

/**
 * Reads one `--variant NAME=STRATEGY[,key=value...]`. Numbers and true/false are taken as such. Whether the strategy
 * and its parameters exist is for the controller to say. Throws `Refusal`.
 */
export function parseVariant(text: string): VariantSettings {
  const [head = '', ...rest] = text.split(',');
  const at = head.indexOf('=');
  const name = head.slice(0, Math.max(0, at));
  const strategy = head.slice(at + 1);
  if (at < 0 || !/^[a-z][a-z0-9-]*$/.test(name) || strategy === '') {
    throw new Refusal(
      `--variant ${text}: expected ${FORM}, the name in small letters, digits and hyphens, e.g. adaptive=atcs-v2,maxCycleSeconds=120.`,
    );
  }
  const parameters: Record<string, number | string | boolean> = {};
  for (const pair of rest) {
    const equals = pair.indexOf('=');
    const key = pair.slice(0, Math.max(0, equals));
    if (equals < 1 || equals === pair.length - 1)
      throw new Refusal(`--variant ${text}: "${pair}" is not key=value; expected ${FORM}.`);
    if (Object.hasOwn(parameters, key)) throw new Refusal(`--variant ${text}: ${key} is given twice; give it once.`);
    parameters[key] = readValue(pair.slice(equals + 1));
  }
  return { name, strategy, parameters };
}

/** All `--variant` options in their order. Throws `Refusal` where a name comes twice. */
export function parseVariants(texts: readonly string[]): VariantSettings[] {
  const variants = texts.map(parseVariant);
  const names = variants.map((variant) => variant.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new Refusal(`--variant ${twice}=... is given twice; give each variant a name of its own.`);
  return variants;
}
