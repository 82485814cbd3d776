import { randomUUID } from 'node:crypto';
import express, { type Express, type RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import type { ApiContext } from './context.ts';
import { errorBody, errorHandler, HttpError, notFound } from './errors.ts';
import type { HostGuard } from './guard.ts';
import { openApiDocument } from './openapi.ts';
import { sendIndex, serveDocs, servePage } from './page.ts';
import { mount, type Route } from './routing.ts';
import { junctionRoutes } from './routes/junctions.ts';
import { runRecordRoutes } from './routes/run-records.ts';
import { runRoutes } from './routes/runs.ts';
import { safetyRoutes } from './routes/safety.ts';
import { scenarioRoutes } from './routes/scenarios.ts';
import { streetDecisionRoutes } from './routes/street-decisions.ts';
import { systemRoutes } from './routes/system.ts';
import { safetyBasisRoutes } from './routes/safety-basis.ts';
import { V2X_BODY_LIMIT, V2X_PATHS, v2xRoutes } from './routes/v2x.ts';

/** Generous: a page that scrubs asks some ten times a second. */
const REQUESTS_PER_MINUTE = 3000;
const BODY_LIMIT = '64kb';

/** The part of a logger (pino's) that is used. */
export interface ApiLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface AppOptions extends ApiContext {
  guard: HostGuard;
  /** Where Vite put the page. */
  pageDirectory: string;
  logger: ApiLogger;
  requestsPerMinute?: number;
}

/** Every documented operation, in the order of the document. */
export function apiRoutes(context: ApiContext): Route[] {
  return [
    ...scenarioRoutes(context),
    ...runRoutes(context),
    ...runRecordRoutes(context),
    ...junctionRoutes(context),
    ...safetyRoutes(context),
    ...safetyBasisRoutes(context),
    ...streetDecisionRoutes(context),
    ...v2xRoutes(context),
    ...systemRoutes(context),
  ];
}

/** The HTTP side: operations, their document, the page. */
export function makeApp(options: AppOptions): Express {
  const { version, pageDirectory, logger, guard } = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(requestId, logRequests(logger));
  app.use(security());
  app.use(guard.middleware());
  app.use(['/api', '/system', '/health'], limitRequests(options.requestsPerMinute ?? REQUESTS_PER_MINUTE));
  app.use([...V2X_PATHS], express.json({ limit: V2X_BODY_LIMIT }));
  app.use(express.json({ limit: BODY_LIMIT }));

  const routes = apiRoutes(options);
  const document = openApiDocument(routes, version);
  const index = sendIndex(pageDirectory);
  app.get('/', (request, response, next) => {
    response.vary('Accept');
    if (request.accepts(['json', 'html']) === 'html') return index(request, response, next);
    response.json({ message: `FlexTraff Twin API v${version}`, status: 'online', docs: '/docs' });
  });
  app.get('/openapi.json', (_request, response) => void response.json(document));
  serveDocs(app);
  mount(app, routes);
  servePage(app, pageDirectory);
  app.use(notFound);
  app.use(errorHandler(logger));
  return app;
}

const requestId: RequestHandler = (request, response, next) => {
  const given = request.get('X-Request-Id');
  response.set('X-Request-Id', given !== undefined && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID());
  next();
};

function logRequests(logger: ApiLogger): RequestHandler {
  return (request, response, next) => {
    const begin = performance.now();
    response.on('finish', () => {
      const fields = {
        requestId: response.getHeader('X-Request-Id'),
        method: request.method,
        path: request.originalUrl.split('?')[0],
        status: response.statusCode,
        milliseconds: Math.round(performance.now() - begin),
      };
      logger.debug(fields, 'request');
    });
    next();
  };
}

/** Nothing from elsewhere, nothing inline but style attributes; WebGL and workers of our own work under it. */
function security(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        connectSrc: ["'self'"],
        fontSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        // Swagger UI's icons and pictures that the page saves are data and blob addresses.
        imgSrc: ["'self'", 'data:', 'blob:'],
        objectSrc: ["'none'"],
        scriptSrc: ["'self'"],
        scriptSrcAttr: ["'none'"],
        styleSrc: ["'self'"],
        styleSrcAttr: ["'unsafe-inline'"],
        workerSrc: ["'self'", 'blob:'],
      },
    },
    crossOriginEmbedderPolicy: false,
    // The server itself speaks plain HTTP; a proxy that adds TLS adds this too.
    strictTransportSecurity: false,
  });
}

function limitRequests(limit: number): RequestHandler {
  return rateLimit({
    windowMs: 60_000,
    limit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_request, response) => {
      const refusal = errorBody(
        new HttpError('too_many_requests', 429, `More than ${limit} requests in a minute.`, {
          hint: 'Wait as long as the header Retry-After says.',
        }),
      );
      response.status(refusal.status).json(refusal.body);
    },
  });
}
