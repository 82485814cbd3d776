/** The HTTP API as the page uses it. */
import type {
  Alert,
  Comparison,
  ErrorBody,
  RunRequest,
  RunSummary,
  ScenarioSummary,
  StreetDecision,
} from '../../api/types.ts';

/** What the server refused, in its own words. */
export class ApiError extends Error {
  readonly status: number;
  readonly field: string | undefined;

  constructor(status: number, body: Partial<ErrorBody>) {
    super([body.message ?? `The server answered with status ${status}.`, body.hint].filter(Boolean).join(' '));
    this.name = 'ApiError';
    this.status = status;
    this.field = body.field;
  }
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(`api/v1/${path}`, {
    ...init,
    headers: { accept: 'application/json', ...init?.headers },
  });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, (body ?? {}) as Partial<ErrorBody>);
  return body as T;
}

const post = (body?: unknown): RequestInit => ({
  method: 'POST',
  ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
});

export const api = {
  scenarios: (): Promise<ScenarioSummary[]> => ask('scenarios'),
  runs: (limit: number): Promise<RunSummary[]> => ask(`runs?limit=${limit}`),
  start: (request: RunRequest): Promise<RunSummary> => ask('runs', post(request)),
  stop: (runId: string): Promise<RunSummary> => ask(`runs/${encodeURIComponent(runId)}/stop`, post()),
  alerts: (): Promise<Alert[]> => ask('alerts'),
  streetDecisions: (limit: number): Promise<StreetDecision[]> => ask(`decisions?limit=${limit}`),
  /** null where no run of the scenario has finished. */
  comparison: async (scenario: string): Promise<Comparison | null> => {
    try {
      return await ask(`comparisons/${encodeURIComponent(scenario)}`);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  },
};
