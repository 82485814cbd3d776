import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { z } from 'zod';
import { TwinError } from '../../runs/twin-types.ts';
import type { ErrorBody } from '../types.ts';

/** A refused request. Like TwinError, with headers. */
export class HttpError extends TwinError {
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    code: string,
    status: number,
    message: string,
    options: { field?: string; hint?: string; headers?: Record<string, string> } = {},
  ) {
    super(code, status, message, options);
    this.name = 'HttpError';
    this.headers = options.headers ?? {};
  }
}

/** Of what a union says of each of its members, that of the one that was meant: the first that fits at the root. */
function telling(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const meant = issue.errors.find(([first]) => first !== undefined && first.path.length > 0) ?? issue.errors[0];
  const [first] = meant ?? [];
  return first === undefined ? issue : telling({ ...first, path: [...issue.path, ...first.path] });
}

/** What is wrong with a value, in one sentence that names the field; 422. */
export function validationError(error: z.core.$ZodError, where: 'body' | 'query' | 'path' | 'event'): HttpError {
  const issue = telling(error.issues[0] as z.core.$ZodIssue);
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...issue.path.map(String), ...(unknown === undefined ? [] : [unknown])].join('.');
  const name = path === '' ? `the ${where}` : path;
  const message = unknown === undefined ? `${name}: ${issue.message}` : `${name}: there is no such field`;
  return new HttpError('validation_failed', 422, `${message}.`.replace('..', '.'), {
    ...(path === '' ? {} : { field: path }),
    hint: `Correct it in the ${where}; /docs says what is allowed.`,
  });
}

/** Status and body for whatever was thrown; what nobody foresaw is a 500 that tells no internals. */
export function errorBody(error: unknown): {
  status: number;
  body: ErrorBody;
  headers: Readonly<Record<string, string>>;
} {
  if (error instanceof TwinError) {
    const issues = (error as { issues?: ErrorBody['issues'] }).issues;
    return {
      status: error.status,
      headers: error instanceof HttpError ? error.headers : {},
      body: {
        detail: error.message,
        code: error.code,
        message: error.message,
        ...(error.field === undefined ? {} : { field: error.field }),
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        ...(Array.isArray(issues) ? { issues } : {}),
      },
    };
  }
  const known = fromBodyParser(error);
  if (known !== null) return errorBody(known);
  const message = 'Something went wrong on the server.';
  return {
    status: 500,
    headers: {},
    body: {
      detail: message,
      code: 'internal_error',
      message,
      hint: 'The log has the reason, under the request id of the answer.',
    },
  };
}

function fromBodyParser(error: unknown): HttpError | null {
  const { type, status, limit } = (error ?? {}) as { type?: unknown; status?: unknown; limit?: unknown };
  if (typeof type !== 'string') {
    // Express: a path or a range that cannot be read.
    return typeof status === 'number' && status >= 400 && status < 500
      ? new HttpError('bad_request', status, `The request cannot be read: ${(error as Error).message}.`)
      : null;
  }
  if (type === 'entity.parse.failed') {
    return new HttpError('invalid_json', 400, `The body is not JSON: ${(error as Error).message}.`, {
      hint: 'Send a JSON object with Content-Type: application/json.',
    });
  }
  if (type === 'entity.too.large') {
    return new HttpError('too_large', 413, `The body is larger than ${String(limit)} bytes.`, {
      hint: 'Send less; /docs says what is allowed.',
    });
  }
  return new HttpError(
    'bad_request',
    typeof status === 'number' ? status : 400,
    `The body cannot be read: ${(error as Error).message}.`,
  );
}

export const notFound: RequestHandler = (request) => {
  throw new HttpError('not_found', 404, `There is nothing at ${request.path}.`, {
    hint: 'GET /docs lists what there is.',
  });
};

/** Answers every error as JSON; logs what nobody foresaw. */
export function errorHandler(log: { error(fields: object, message: string): void }): ErrorRequestHandler {
  return (error, request, response, next) => {
    const { status, body, headers } = errorBody(error);
    if (status >= 500)
      log.error(
        { err: error, requestId: response.getHeader('X-Request-Id'), method: request.method, path: request.path },
        'request failed',
      );
    if (response.headersSent) return next(error);
    response.set(headers).status(status).json(body);
  };
}
