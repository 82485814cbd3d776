import { z } from 'zod';
import type { Route } from './routing.ts';
import { components, errorSchema } from './schemas.ts';

const REASONS: Record<number, string> = {
  400: 'The request cannot be read.',
  404: 'There is no such thing.',
  409: 'It is not in a state in which that is possible.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'A value is not allowed; `field` names it.',
  429: 'Too many requests; `Retry-After` says when to go on.',
  503: 'Something it needs is not there now.',
};

const reference = (id: string): string => `#/components/schemas/${id}`;

type JsonSchema = Record<string, unknown>;

/** Names come from the registry of components, descriptions and examples from the schemas' own. */
const common = {
  unrepresentable: 'any',
  override({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: z.core.JSONSchema.BaseSchema }) {
    const { description, examples } = z.globalRegistry.get(zodSchema) ?? {};
    if (description !== undefined) jsonSchema.description = description;
    if (Array.isArray(examples)) jsonSchema.examples = examples;
  },
} as const;

/** The OpenAPI 3.1 document of these routes, built from the very schemas that check the requests. */
export function openApiDocument(routes: readonly Route[], version: string): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const operations = paths[route.path] ?? {};
    operations[route.method] = operation(route);
    paths[route.path] = operations;
  }
  const { schemas } = z.toJSONSchema(components, { uri: reference, ...common }) as {
    schemas: Record<string, JsonSchema>;
  };
  return {
    openapi: '3.1.0',
    info: {
      title: 'FlexTraff Twin',
      version,
      description:
        "A traffic-signal digital twin: the same vehicles through today's plan and through the adaptive controller. Events (progress, series, decisions, alerts) come over Socket.IO at `/socket.io`, websocket only.",
    },
    paths,
    components: { schemas: Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema)])) },
  };
}

function operation(route: Route): JsonSchema {
  const refusals = new Set([...(route.refusals ?? []), 429]);
  if (route.body !== undefined) for (const status of [400, 413, 415, 422]) refusals.add(status);
  if (route.query !== undefined || route.pathParameters !== undefined) refusals.add(422);
  const responses: Record<string, unknown> = {};
  for (const [status, answer] of Object.entries(route.answers)) {
    const content: Record<string, unknown> = {};
    if (answer.schema !== undefined) content['application/json'] = { schema: inline(answer.schema) };
    for (const type of answer.alsoAs ?? []) content[type] = { schema: { type: 'string' } };
    responses[status] = { description: answer.description, ...(Object.keys(content).length === 0 ? {} : { content }) };
  }
  for (const status of [...refusals].sort()) {
    responses[status] ??= {
      description: REASONS[status] ?? 'Refused.',
      content: { 'application/json': { schema: inline(errorSchema) } },
    };
  }
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...parameters(route),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: inline(route.body, 'input') } } } }),
    responses,
  };
}

function operationId(route: Route): string {
  const words = route.path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return [route.method, ...words.map((word) => word[0]?.toUpperCase() + word.slice(1))].join('');
}

function parameters(route: Route): { parameters?: unknown[] } {
  const list: unknown[] = [];
  for (const [place, schema] of [
    ['path', route.pathParameters],
    ['query', route.query],
  ] as const) {
    if (schema === undefined) continue;
    const { properties = {}, required = [] } = inline(schema, 'input') as {
      properties?: Record<string, JsonSchema>;
      required?: string[];
    };
    for (const [name, { description, ...rest }] of Object.entries(properties)) {
      list.push({
        name,
        in: place,
        required: place === 'path' || required.includes(name),
        ...(description === undefined ? {} : { description }),
        schema: rest,
      });
    }
  }
  return list.length === 0 ? {} : { parameters: list };
}

/** A schema where it is used: named ones by reference. */
function inline(schema: z.ZodType, io: 'input' | 'output' = 'output'): JsonSchema {
  const named = components.get(schema);
  if (named !== undefined) return { $ref: reference(named.id) };
  const { $defs: _, ...json } = z.toJSONSchema(schema, { metadata: components, io, ...common });
  return plain(JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', `"${reference('')}`)) as JsonSchema);
}

function plain({ $schema: _schema, $id: _id, id: _name, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
