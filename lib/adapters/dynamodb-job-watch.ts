import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { JobWatch } from '../app/ports/jobs.ts';
import { expiry } from './event-items.ts';
import { type WatchedJob, watchItem, watchKey } from './job-watch-items.ts';

/** Watches over jobs of one kind, as items in the events table's index of due minutes. */
export function createJobWatch(
  client: DynamoDBClient,
  table: string,
  job: WatchedJob,
  retentionDays: number,
): JobWatch {
  return {
    async expect(id, dueMs) {
      const Item = { ...watchItem(job, id, dueMs), ...expiry(dueMs, retentionDays) };
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },

    async forget(id) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: watchKey(job, id) }));
    },
  };
}
