import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { createEventReader } from '../../lib/adapters/dynamodb-events.ts';
import { journalItems } from '../../lib/adapters/journal-items.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import { journalEvent } from '../journal-events.ts';

const ids = createEventIds('search');
const timeMs = 1_700_000_000_000;

test('an id of a place with another time is known to be none from the first item that holds the place', async () => {
  const address = { source: 1, partition: 0, offset: 5000, index: 0 };
  const event = journalEvent({ id: ids.encode(timeMs, address), timeMs, address });
  const item = journalItems([event], timeMs)[0]!;
  const client = new DynamoDBClient({ region: 'local' });
  // A journal that never ends, with the event at its head.
  let answers = 0;
  client.send = async () => ({
    Items: [item],
    LastEvaluatedKey: ++answers < 200 ? { pk: item['pk']!, sk: item['sk']! } : undefined,
  });
  const reader = createEventReader(client, 'events', ids);
  expect(await reader.find(ids.encode(timeMs + 1, address))).toEqual([]);
  expect(answers).toBe(1);
});
