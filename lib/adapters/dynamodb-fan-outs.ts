import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { FanOutStore } from '../app/ports/fan-outs.ts';
import type { FanOutJob } from '../core/fan-out.ts';
import { deliveryItem } from './delivery-items.ts';
import { putAll } from './dynamodb-batch.ts';
import { conditionHeld } from './dynamodb-condition.ts';
import { expiry } from './event-items.ts';
import { firstStates, jobItem, jobKey, jobOf, listedItems, markerItems, pageItem } from './fan-out-items.ts';

/** Fan-out jobs of the events table, each with a part for every page that it has dealt with. */
export function createFanOutStore(
  client: DynamoDBClient,
  table: string,
  retentionDays: number,
  now: () => number,
): FanOutStore {
  return {
    async take(eventId, untilMs) {
      try {
        const { Attributes } = await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: jobKey(eventId),
            UpdateExpression: 'SET leased_until = :until',
            // Only jobs that are not done are due.
            ConditionExpression:
              'attribute_exists(listing) AND (attribute_not_exists(leased_until) OR leased_until <= :now)',
            ExpressionAttributeValues: { ':until': { N: String(untilMs) }, ':now': { N: String(now()) } },
            ReturnValues: 'ALL_NEW',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return jobOf(Attributes!);
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return error.Item?.['listing'] === undefined ? undefined : 'leased';
      }
    },

    async finishPage(job, page, unfinished, next) {
      const nowMs = now();
      const expires = expiry(job.createdAtMs, retentionDays);
      const items = [
        pageItem(job.eventId, job.pages, page),
        ...listedItems(job.eventId, job.pages, page),
        ...markerItems(job.eventId, page),
        ...unfinished.map((delivery) => deliveryItem(delivery, nowMs, retentionDays)),
      ];
      await putAll(
        client,
        table,
        items.map((item) => ({ ...expires, ...item })),
      );
      const come: FanOutJob = { ...job, pages: job.pages + 1, cursor: next, done: next === undefined };
      const added = firstStates(page);
      const { job: text, attempt_count, listing, listed_at } = jobItem(come, nowMs);
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: jobKey(job.eventId),
          UpdateExpression: `${
            come.done
              ? 'SET job = :job, attempt_count = :pages REMOVE listing, listed_at'
              : 'SET job = :job, attempt_count = :pages, listing = :listing, listed_at = :at'
          }${added.length > 0 ? ` ADD ${added.map(([name]) => `${name} :${name}`).join(', ')}` : ''}`,
          ConditionExpression: 'attempt_count = :before',
          ExpressionAttributeValues: {
            ':job': text!,
            ':pages': attempt_count!,
            ':before': { N: String(job.pages) },
            ...(!come.done && { ':listing': listing!, ':at': listed_at! }),
            ...Object.fromEntries(added.map(([name, count]) => [`:${name}`, { N: String(count) }])),
          },
        }),
      );
      return come;
    },

    async release(eventId, untilMs) {
      // Where the condition does not hold another has it by now.
      await conditionHeld(
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: jobKey(eventId),
            UpdateExpression: 'REMOVE leased_until',
            ConditionExpression: 'leased_until = :until',
            ExpressionAttributeValues: { ':until': { N: String(untilMs) } },
          }),
        ),
      );
    },
  };
}
