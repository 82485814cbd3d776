/** Input that a command refuses: exit code 2. What broke on the way is any other error: exit code 1. */
export class Refusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Refusal';
  }
}

/** Errors by which the parts say that the input is at fault. */
const REFUSING = new Set([
  'Refusal',
  'SettingsError',
  'ScenarioError',
  'SourceError',
  'StrategyError',
  'ParameterError',
]);

/** HTTP statuses of a TwinError that find fault with the request, not with the state of things. */
const INPUT_STATUSES = new Set<unknown>([400, 404, 413, 422]);

/** Node's own errors whose message would leave the reader without a next step. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'Give yourself the right to it, or choose another place.',
  ENOSPC: 'The disk is full: make room, or choose another place.',
  ENOENT: 'Check the path.',
  EMFILE: 'Too many open files: raise `ulimit -n`.',
};

/** What to tell the user about an error, without a stack, and the exit code that goes with it. */
export function explain(error: unknown): { text: string; exitCode: 1 | 2 } {
  if (!(error instanceof Error)) return { text: String(error), exitCode: 1 };
  const { code, status, hint } = error as Error & { code?: unknown; status?: unknown; hint?: string };
  const refused = REFUSING.has(error.name) || (error.name === 'TwinError' && INPUT_STATUSES.has(status));
  const exitCode = refused ? 2 : 1;
  const advice = hint ?? (typeof code === 'string' ? ADVICE[code] : undefined);
  const text =
    advice && !error.message.includes(advice) ? `${error.message.replace(/\.?$/, '.')} ${advice}` : error.message;
  return { text: text === '' ? error.name : text, exitCode };
}
