import { describe, expect, test } from 'vitest';
import type { ApiDocument, DocumentedOperation, Json } from '../../api-document.ts';
import type { CallOptions, DocumentClient, RawAnswer } from './document-client.ts';
import type { PlantedOrg } from './planted-org.ts';

type Refused = CallOptions & { readonly status: number };

const mebibyte = 1024 * 1024;

/** What no operation takes, and the status that each is refused with. */
function unreadable({ body }: DocumentedOperation): Record<string, Refused> {
  const [example] = Object.values(body!.examples);
  const text = JSON.stringify(example);
  const deep = `${'{"a":'.repeat(101)}1${'}'.repeat(101)}`;
  const latin1 = new Uint8Array(Buffer.from('{"ü": 1}', 'latin1'));
  const type = (contentType: string) => ({ headers: { 'content-type': contentType } });
  return {
    'not JSON': { body: text.slice(0, -1), status: 400 },
    'invalid UTF-8': { body: latin1, status: 400 },
    'too deep': { body: deep, status: 400 },
    'too large': { body: text + ' '.repeat(mebibyte), status: 413 },
    'another content type': { body: text, ...type('text/plain'), status: 415 },
    'a form': { body: 'a=1', ...type('application/x-www-form-urlencoded'), status: 415 },
    // A body may be left out where the document says so.
    ...(body!.required && { empty: { body: '', status: 400 } }),
  };
}

/** Malformed bodies of every operation that reads one. */
export function malformedBodiesSuite(documents: () => DocumentClient, planted: () => PlantedOrg): void {
  const reading = () => documents().api.operations.filter(({ body }) => body !== undefined);
  const send = async (operation: DocumentedOperation, options: CallOptions) => {
    const answer = await documents().call(operation, { ids: planted().ids, ...options });
    const context = `${operation.route}: ${String(options.body).slice(0, 200)}: ${answer.text.slice(0, 300)}`;
    expect(answer.status, context).toBeGreaterThanOrEqual(400);
    expect(answer.status, context).toBeLessThan(500);
    expect(answer.contentType, context).toBe('application/problem+json');
    documents().api.expectDescribed(operation, answer);
    return { answer, context };
  };

  describe('a malformed body', () => {
    test('that cannot be read is refused by every operation', { timeout: 60_000 }, async () => {
      for (const operation of reading()) {
        for (const [what, { status, ...options }] of Object.entries(unreadable(operation))) {
          const { answer, context } = await send(operation, options);
          expect(answer.status, `${what}: ${context}`).toBe(status);
        }
      }
    });

    test('of another type is refused by every operation', { timeout: 60_000 }, async () => {
      for (const operation of reading()) {
        for (const body of ['null', '[]', '[[]]', '"text"', '7', 'true', '{"__proto__": null}']) {
          await send(operation, { body });
        }
      }
    });

    test('is told of every wrong field at once', { timeout: 60_000 }, async () => {
      for (const operation of reading()) {
        const { wrong, names } = wrongFields(documents().api, operation.body!.schema);
        const { answer, context } = await send(operation, { body: JSON.stringify(wrong) });
        expect(fieldsOf(answer), context).toEqual(expect.arrayContaining(names));
      }
    });

    test(
      'is told of every field that is missing, and of those that are none',
      { timeout: 60_000 },
      async () => {
        for (const operation of reading()) {
          const { api } = documents();
          const { required = [], additionalProperties } = formOf(api, operation.body!.schema);
          if ((required as string[]).length > 0) {
            const { answer, context } = await send(operation, { body: '{}' });
            expect(fieldsOf(answer), context).toEqual(expect.arrayContaining(required as string[]));
          }
          if (additionalProperties !== false) continue;
          const [example] = Object.values(operation.body!.examples) as [object];
          const { answer, context } = await send(operation, {
            body: JSON.stringify({ ...example, nonsense: 1, 'more nonsense': 2 }),
          });
          expect(fieldsOf(answer), context).toEqual(expect.arrayContaining(['nonsense', 'more nonsense']));
        }
      },
    );

    test('is told of together with an Idempotency-Key that is none', async () => {
      const headers = { 'idempotency-key': 'x'.repeat(257) };
      const publishing = reading().filter(({ parameters }) =>
        parameters.some(({ name }) => name === 'Idempotency-Key'),
      );
      expect(publishing).toHaveLength(5);
      for (const operation of publishing) {
        const { answer, context } = await send(operation, { body: '{}', headers });
        expect(fieldsOf(answer).length, context).toBeGreaterThan(1);
        expect(fieldsOf(answer), context).toContain('Idempotency-Key');
      }
    });
  });
}

/** The fields that an answer names, without what is inside them. */
function fieldsOf({ body }: RawAnswer): string[] {
  const { errors = [] } = body as { errors?: { path: string }[] };
  return errors.map(({ path }) => path.split(/[.[]/)[0]!);
}

/** The schema of an object that a body may be, the first of several. */
function formOf(api: ApiDocument, schema: Json): Json {
  const resolved = api.resolve(schema);
  const [first] = (resolved['anyOf'] ?? resolved['oneOf'] ?? []) as Json[];
  return first ? formOf(api, first) : resolved;
}

/** A body in which each field that has a type has a value of another. */
function wrongFields(api: ApiDocument, schema: Json): { wrong: object; names: string[] } {
  const properties = formOf(api, schema)['properties'] as Record<string, Json>;
  const wrong: Record<string, unknown> = {};
  const names: string[] = [];
  for (const [name, property] of Object.entries(properties)) {
    const { const: only } = api.resolve(property);
    if (only !== undefined) wrong[name] = only;
    const types = typesOf(api, property);
    if (only !== undefined || types.size === 0) continue;
    wrong[name] = (
      [
        [{}, 'object'],
        [7, 'number'],
        ['text', 'string'],
        [true, 'boolean'],
      ] as const
    ).find(([, type]) => !types.has(type))![0];
    names.push(name);
  }
  return { wrong, names };
}

/** The types that a value may have; none where it may have any. */
function typesOf(api: ApiDocument, property: Json): Set<string> {
  const schema = api.resolve(property);
  const own = [schema['type'] ?? []].flat() as string[];
  const inner = [...((schema['anyOf'] ?? []) as Json[]), ...((schema['oneOf'] ?? []) as Json[])];
  const types = [...own, ...inner.flatMap((one) => [...typesOf(api, one)])];
  return new Set(types.map((type) => (type === 'integer' ? 'number' : type)));
}
