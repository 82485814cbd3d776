import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import express, { type Express, type RequestHandler } from 'express';
import { HttpError } from './errors.ts';

const DOCS_FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>FlexTraff Twin API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const DOCS_SCRIPT = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });
`;

/** Swagger UI at /docs, all of it from here. */
export function serveDocs(app: Express): void {
  const directory = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  app.get('/docs', (_request, response) => void response.type('html').set('Cache-Control', 'no-cache').send(DOCS_PAGE));
  app.get(
    '/docs/start.js',
    (_request, response) => void response.type('js').set('Cache-Control', 'no-cache').send(DOCS_SCRIPT),
  );
  for (const file of DOCS_FILES) {
    app.get(`/docs/${file}`, (_request, response) =>
      response.sendFile(join(directory, file), { maxAge: '1d', dotfiles: 'allow' }),
    );
  }
}

/**
 * The page that Vite built: files whose names carry a hash are kept by browsers for good, the rest is asked for again.
 * Addresses that only the page knows get index.html.
 */
export function servePage(app: Express, directory: string): void {
  const index = sendIndex(directory);
  app.use(
    '/assets',
    express.static(join(directory, 'assets'), { index: false, immutable: true, maxAge: '365d', fallthrough: true }),
  );
  app.use(express.static(directory, { index: false, redirect: false, maxAge: 0 }));
  app.use((request, response, next) => {
    const isPage =
      (request.method === 'GET' || request.method === 'HEAD') && request.accepts(['json', 'html']) === 'html';
    const isOther = /^\/(api|assets|docs|socket\.io)(\/|$)/.test(request.path) || /\.\w+$/.test(request.path);
    if (isPage && !isOther) return index(request, response, next);
    next();
  });
}

/** Sends index.html, or says that the page has not been built. */
export function sendIndex(directory: string): RequestHandler {
  const file = join(directory, 'index.html');
  return (_request, response) => {
    if (!existsSync(file)) {
      throw new HttpError('page_missing', 503, 'The page has not been built.', {
        hint: 'Build it with: npm run build',
      });
    }
    response.sendFile(file, { headers: { 'Cache-Control': 'no-cache' }, cacheControl: false, dotfiles: 'allow' });
  };
}
