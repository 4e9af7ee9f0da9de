import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPublishCalls } from '../../../lib/adapters/dynamodb-publish-calls.ts';
import { type Storage, startStorage } from '../../contracts/stores.ts';
import { inline, problem, runCalls } from './run-calls.ts';

let storage: Storage;

beforeAll(async () => {
  storage = await startStorage();
});
afterAll(() => storage?.stop());

test('a run whose records were published by a repeat, past the time that it was given first, is in progress', async () => {
  const { events } = await storage.freshStores();
  const runs = runCalls((now) => createPublishCalls(storage.dynamodb, events, 24, now));
  const body = inline({ a: 1 }, { timeout_seconds: 60 });
  runs.setAway(true);
  await expect(runs.start(body, 'key')).rejects.toMatchObject(problem('unavailable'));
  runs.advance(3_600_000);
  runs.setAway(false);
  const started = await runs.start(body, 'key');
  expect(runs.sent).toHaveLength(1);
  expect(await runs.read(started)).toMatchObject({ status: 'IN_PROGRESS' });
  expect(await runs.start(body, 'key')).toEqual(started);
  runs.advance(61_000);
  expect(await runs.read(started)).toMatchObject({ status: 'TIMED_OUT' });
});
