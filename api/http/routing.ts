import type { Express, Request, Response } from 'express';
import type { z } from 'zod';
import { HttpError, validationError } from './errors.ts';

export interface Answer {
  description: string;
  schema?: z.ZodType;
  /** Offered besides JSON, by `Accept` or `?format=`. */
  alsoAs?: readonly string[];
}

/** One operation: enough to serve it and to document it. Paths are written as OpenAPI does, `/runs/{id}`. */
export interface Route {
  method: 'get' | 'post';
  path: string;
  tag: string;
  /** One line, imperative. */
  summary: string;
  description?: string;
  pathParameters?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** The first is what it answers when all is well; refusals are documented by the code they have. */
  answers: Readonly<Record<number, Answer>>;
  /** Statuses of refusals that are specific to it. */
  refusals?: readonly number[];
  handle(input: { path: never; query: never; body: never; request: Request; response: Response }): unknown;
}

interface Definition<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>
  extends Omit<Route, 'handle' | 'pathParameters' | 'query' | 'body'> {
  pathParameters?: P;
  query?: Q;
  body?: B;
  /** What it returns is sent as JSON; undefined when it answered by itself. */
  handle(input: {
    path: z.output<P>;
    query: z.output<Q>;
    body: z.output<B>;
    request: Request;
    response: Response;
  }): unknown;
}

/** Ties the types of a route's input to its schemas. */
export function route<
  P extends z.ZodObject = z.ZodObject,
  Q extends z.ZodObject = z.ZodObject,
  B extends z.ZodType = z.ZodType,
>(definition: Definition<P, Q, B>): Route {
  return definition as unknown as Route;
}

/** Serves the routes: checks the input, sends what they return; another method on a known path is a 405. */
export function mount(app: Express, routes: readonly Route[]): void {
  const byPath = new Map<string, Route[]>();
  for (const entry of routes) byPath.set(entry.path, [...(byPath.get(entry.path) ?? []), entry]);
  for (const [path, entries] of byPath) {
    const expressPath = path.replaceAll(/\{(\w+)\}/g, ':$1');
    for (const entry of entries) app[entry.method](expressPath, (request, response) => serve(entry, request, response));
    const allowed = entries.map((entry) => entry.method.toUpperCase()).join(', ');
    app.all(expressPath, (request) => {
      throw new HttpError(
        'method_not_allowed',
        405,
        `${request.method} is not possible at ${request.path}; allowed is ${allowed}.`,
        {
          headers: { Allow: allowed },
        },
      );
    });
  }
}

async function serve(entry: Route, request: Request, response: Response): Promise<void> {
  if (entry.body !== undefined && request.is('application/json') === false) {
    throw new HttpError('unsupported_media_type', 415, 'The body has to be JSON.', {
      hint: 'Send Content-Type: application/json.',
    });
  }
  const input = {
    path: check(entry.pathParameters, request.params, 'path'),
    query: check(entry.query, request.query, 'query'),
    body: check(entry.body, request.body, 'body'),
    request,
    response,
  };
  const answer = await entry.handle(input as never);
  if (response.headersSent || response.writableEnded) return;
  // Express answers 200 unless the route said otherwise.
  const status = response.statusCode === 200 ? Number(Object.keys(entry.answers)[0]) : response.statusCode;
  response.status(status).json(answer);
}

function check(schema: z.ZodType | undefined, value: unknown, where: 'body' | 'query' | 'path'): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (!result.success) throw validationError(result.error, where);
  return result.data;
}
