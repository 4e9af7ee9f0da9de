import { setTimeout as wait } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  type WriteRequest,
  paginateQuery,
} from '@aws-sdk/client-dynamodb';
import { chunks } from '../core/chunks.ts';
import { mapAtOnce } from '../core/map-at-once.ts';

export type Item = Record<string, AttributeValue>;

/** DynamoDB's limits on one call. */
const mostPuts = 25;
const mostGets = 100;
/** Reads of a hundred under way at once, of one caller. */
const getsAtOnce = 8;
const mostTries = 10;
/** Calls under way at once. */
export const mostAtOnce = 16;
const longestWaitMs = 3_000;

/**
 * Puts any number of items, replacing those that are there.
 * @throws when some are still refused after several tries
 */
export async function putAll(client: DynamoDBClient, table: string, items: readonly Item[]): Promise<void> {
  const requests = items.map((Item) => ({ PutRequest: { Item } }));
  await mapAtOnce(chunks(requests, mostPuts), mostAtOnce, (chunk) => putChunk(client, table, chunk));
}

async function putChunk(client: DynamoDBClient, table: string, requests: WriteRequest[]): Promise<void> {
  let rest = requests;
  for (let tries = 1; rest.length > 0; tries++) {
    if (tries > mostTries)
      throw new Error(`table ${table} refused ${rest.length} items in ${mostTries} tries`);
    if (tries > 1) await wait(Math.min(25 * 2 ** tries, longestWaitMs) * (0.5 + Math.random() / 2));
    const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: rest } }));
    rest = answer.UnprocessedItems?.[table] ?? [];
  }
}

/**
 * Reads any number of items by their keys, consistently.
 * @returns those there are, in any order
 */
export async function getAll(client: DynamoDBClient, table: string, keys: readonly Item[]): Promise<Item[]> {
  return (
    await mapAtOnce(chunks(keys, mostGets), getsAtOnce, (chunk) => getChunk(client, table, chunk))
  ).flat();
}

async function getChunk(client: DynamoDBClient, table: string, keys: Item[]): Promise<Item[]> {
  const items: Item[] = [];
  let rest = keys;
  for (let tries = 1; rest.length > 0; tries++) {
    if (tries > mostTries)
      throw new Error(`table ${table} held back ${rest.length} items in ${mostTries} tries`);
    if (tries > 1) await wait(Math.min(25 * 2 ** tries, longestWaitMs) * (0.5 + Math.random() / 2));
    const answer = await client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: rest, ConsistentRead: true } } }),
    );
    items.push(...(answer.Responses?.[table] ?? []));
    rest = answer.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return items;
}

/**
 * All items of a partition key, by sort key, read consistently; a query alone answers 1 MB of them at most.
 * @param prefix what their sort keys begin with
 */
export async function itemsUnder(
  client: DynamoDBClient,
  table: string,
  partitionKey: string,
  prefix?: string,
): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pagesUnder(client, table, partitionKey, prefix)) items.push(...page);
  return items;
}

/** The same, answer by answer. */
export async function* pagesUnder(
  client: DynamoDBClient,
  table: string,
  partitionKey: string,
  prefix?: string,
): AsyncIterable<Item[]> {
  const isNarrow = prefix !== undefined;
  const pages = paginateQuery(
    { client },
    {
      TableName: table,
      KeyConditionExpression: isNarrow ? 'pk = :pk AND begins_with(sk, :prefix)' : 'pk = :pk',
      ExpressionAttributeValues: {
        ':pk': { S: partitionKey },
        ...(isNarrow && { ':prefix': { S: prefix } }),
      },
      ConsistentRead: true,
    },
  );
  for await (const page of pages) yield page.Items ?? [];
}
