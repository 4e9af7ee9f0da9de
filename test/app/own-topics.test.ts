import { expect, test } from 'vitest';
import { createOwnTopics } from '../../lib/app/own-topics.ts';
import type { Stream } from '../../lib/core/stream.ts';

test.each<[Stream['state'], boolean]>([
  ['ready', true],
  ['provisioning', true],
  ['failed', true],
  ['deleting', false],
])('of a stream that is %s, whether its topics may be written to: %s', async (state, isOwn) => {
  const get = async () => ({ id: 'acme', orgId: 'acme', state, ownTopics: ['runs'] });
  const own = createOwnTopics({ get }, () => 0);
  expect(await own.has('acme', ['acme.runs'])).toBe(isOwn);
  expect(await own.has('acme', ['acme.ledger'])).toBe(false);
});
