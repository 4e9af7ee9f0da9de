import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { ReplayWatch } from '../app/ports/replays.ts';
import { expiry } from './event-items.ts';
import { replayWatchItem, replayWatchKey } from './replay-watch-items.ts';

/** Watches over replays, as items in the events table's index of due minutes. */
export function createReplayWatch(
  client: DynamoDBClient,
  table: string,
  retentionDays: number,
  now: () => number,
): ReplayWatch {
  return {
    async expect(id, dueMs) {
      const Item = { ...replayWatchItem(id, dueMs), ...expiry(now(), retentionDays) };
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },

    async forget(id) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: replayWatchKey(id) }));
    },
  };
}
