import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { IngestStore } from '../app/ports/events.ts';
import { deliveryItem } from './delivery-items.ts';
import { putAll } from './dynamodb-batch.ts';
import { expiry } from './event-items.ts';
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
    async write({ events, deliveries, quarantined }) {
      const nowMs = now();
      const items = [
        ...journalItems(events, nowMs),
        ...deliveries.map((delivery) => deliveryItem(delivery, nowMs)),
        ...quarantined.flatMap(quarantineItems),
      ];
      const expires = expiry(nowMs, retentionDays);
      await putAll(
        client,
        table,
        items.map((item) => ({ ...item, ...expires })),
      );
    },
  };
}
