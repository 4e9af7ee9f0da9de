import schema from '@asyncapi/specs/schemas/3.0.0-without-$id.json' with { type: 'json' };
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect, test } from 'vitest';
import { asyncApiDocument } from '../../../../lib/app/api/contract/asyncapi.ts';
import { streamTopics } from '../../../../lib/core/stream.ts';
import { type Json, validator } from '../../../api-document.ts';

const document = JSON.parse(JSON.stringify(asyncApiDocument())) as {
  channels: Record<string, { address: string }>;
  components: { messages: Record<string, { payload: Json; examples: { payload: unknown }[] }> };
};

test('the document is AsyncAPI 3.0', () => {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const check = ajv.compile(schema);
  expect(check(document), ajv.errorsText(check.errors)).toBe(true);
});

/** Written anew by `npm test -- -u asyncapi`. */
test('the document that stands in the docs is the one that is served', async () => {
  const text = `${JSON.stringify(asyncApiDocument(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../../../infra/docs/asyncapi.json');
});

test('each topic of a stream is described, and those that a mapping makes', () => {
  const addresses = Object.values(document.channels).map(({ address }) => address);
  expect(addresses.sort()).toEqual([...streamTopics.map((name) => `{org}.${name}`), '{org}.{topic}'].sort());
});

test.each(Object.keys(document.components.messages))('the example of %s is what its schema says', (name) => {
  const ajv = validator();
  ajv.addSchema({ $id: 'streams', ...document });
  const { payload, examples } = document.components.messages[name]!;
  const check = ajv.compile({ $ref: `streams${payload['$ref'] as string}` });
  expect(examples).toHaveLength(1);
  for (const example of examples) expect(check(example.payload), ajv.errorsText(check.errors)).toBe(true);
  expect(check({ nonsense: 1 })).toBe(false);
});
