import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type { JobWatch } from '../app/ports/jobs.ts';
import { expiry } from './event-items.ts';
import { type WatchedJob, runningJobs, watchItem, watchKey } from './job-watch-items.ts';

/** Watches over jobs of one kind, as items in the events table's index of due minutes. */
export function createJobWatch(
  client: DynamoDBClient,
  table: string,
  job: WatchedJob,
  retentionDays: number,
): JobWatch {
  return {
    async expect(id, dueMs, countedFor) {
      const Item = { ...watchItem(job, id, dueMs, countedFor), ...expiry(dueMs, retentionDays) };
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },

    async running(orgId, most) {
      const { Count = 0 } = await client.send(
        new QueryCommand({
          TableName: table,
          IndexName: 'overview',
          KeyConditionExpression: 'overview = :list',
          ExpressionAttributeValues: { ':list': { S: runningJobs(job, orgId) } },
          Select: 'COUNT',
          Limit: most,
        }),
      );
      return Count;
    },

    async forget(id) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: watchKey(job, id) }));
    },
  };
}
