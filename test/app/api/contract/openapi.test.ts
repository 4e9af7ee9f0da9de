import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { openApiDocument } from '../../../../lib/app/api/contract/openapi.ts';
import { describedOperations, descriptions } from '../../../../lib/app/api/contract/operations.ts';
import { problems } from '../../../../lib/app/api/problem.ts';
import { type Json, readApiDocument } from '../../../api-document.ts';

/** As it is served. */
const document = JSON.parse(JSON.stringify(openApiDocument())) as Json;
const api = readApiDocument(document);
const open = Object.keys(descriptions).filter((route) => descriptions[route]!.isOpen);

test('the document is OpenAPI 3.1', async () => {
  const validator = new Validator();
  expect(await validator.validate(document)).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

test('each operation that is served is described, and what is described is served', () => {
  const served = Object.keys(describedOperations);
  expect(Object.keys(descriptions).sort()).toEqual([...new Set([...served, ...open])].sort());
});

test('names are each one operation’s', () => {
  const ids = api.operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

test('operations that read a body have examples of it, and no others have', () => {
  for (const { route, body } of api.operations) {
    expect(body !== undefined, route).toBe(describedOperations[route]?.body !== undefined);
    if (body) expect(Object.keys(body.examples).length, route).toBeGreaterThan(0);
  }
});

describe.each(api.operations.filter(({ body }) => body))('a body of $route', ({ route, body }) => {
  test.each(Object.entries(body!.examples))('as in the example %s is a valid one', (_, example) => {
    expect(api.fault(body!.schema, example)).toBeUndefined();
  });

  test('is not just anything', () => {
    expect(api.fault(body!.schema, 'text'), route).toBeDefined();
    expect(api.fault(body!.schema, { nonsense: 1 }), route).toBeDefined();
  });
});

test('the list of problems is the one that calls are answered with', () => {
  const { type } = api.resolve({ $ref: '#/components/schemas/Problem' })['properties'] as Record<
    string,
    Json
  >;
  expect(type!['enum']).toEqual(Object.keys(problems).map((kind) => `urn:fanout:problem:${kind}`));
});

test('operations say which problems they answer, each with its status', () => {
  const { responses } = api.operations.find(({ route }) => route === 'POST /v1/orgs/{org}/events')!;
  const kinds = (status: number) => JSON.stringify(api.resolve(responses[status])).match(/(?<=problem:)\w+/g);
  expect(kinds(400)).toEqual(['invalid_request']);
  expect(kinds(409)).toEqual(['call_in_flight']);
  expect(kinds(422)).toEqual(['idempotency_key_reused']);
  expect(api.resolve(responses[409])).toHaveProperty('headers.Retry-After');
});

test('the document stays small enough to be read at once, and names no source of a deployment', () => {
  const text = JSON.stringify(document);
  expect(text.length).toBeLessThan(250_000);
  expect(text).not.toContain('"any"');
});
