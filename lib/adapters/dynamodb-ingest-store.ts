import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { IngestStore } from '../app/ports/events.ts';
import { deliveryItem } from './delivery-items.ts';
import type { JournalEvent } from '../core/journal.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import { type Item, mostAtOnce, putAll } from './dynamodb-batch.ts';
import { conditionHeld } from './dynamodb-condition.ts';
import { expiry } from './event-items.ts';
import { jobItem } from './fan-out-items.ts';
import { journalItems } from './journal-items.ts';
import { quarantineItems } from './quarantine-items.ts';

/** Writes what ingest leaves behind, with as few calls as it takes. */
export function createIngestStore(
  client: DynamoDBClient,
  table: string,
  retentionDays: number,
  now: () => number,
): IngestStore {
  return {
    async write({ events, skipped, deliveries, quarantined }) {
      const nowMs = now();
      const items = [
        ...journalItems([...events, ...skipped], nowMs),
        ...deliveries.map((delivery) => deliveryItem(delivery, nowMs, retentionDays)),
        ...quarantined.flatMap(quarantineItems),
      ];
      const expires = expiry(nowMs, retentionDays);
      await putAll(
        client,
        table,
        items.map((item) => ({ ...expires, ...item })),
      );
      // After its event, which the job reads.
      const fanOuts = events.filter(({ fanOut }) => fanOut);
      await mapAtOnce(fanOuts, mostAtOnce, (event) => createJob(event, nowMs, expires));
    },
  };

  /** A job that is there has come further than a new one. */
  async function createJob({ id: eventId }: JournalEvent, nowMs: number, expires: Item): Promise<void> {
    const job = { eventId, createdAtMs: nowMs, pages: 0, done: false };
    await conditionHeld(
      client.send(
        new PutItemCommand({
          TableName: table,
          Item: { ...jobItem(job, nowMs), ...expires },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      ),
    );
  }
}
