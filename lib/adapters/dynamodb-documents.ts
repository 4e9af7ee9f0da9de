import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import type { Document, Documents, ListRequest, Page } from '../app/ports/documents.ts';
import { afterConflict, mostConflicts } from './after-conflict.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { conditionHeld } from './dynamodb-condition.ts';

export type DocumentKind = 'ORG' | 'KEY' | 'ENDPOINT' | 'SOURCE' | 'REPLAY' | 'STREAM' | 'MAPPING' | 'NODE';

/**
 * Documents of one kind in the config table. An item is the document as JSON beside its keys: `pk` KIND#id, `sk` KIND,
 * `kind` and `org_kind` for the two indexes, `version` against lost updates.
 */
export function createDocuments<T extends Document>(
  client: DynamoDBClient,
  table: string,
  kind: DocumentKind,
): Documents<T> {
  const key = (id: string, of: DocumentKind = kind) => ({ pk: { S: `${of}#${id}` }, sk: { S: of } });
  const item = (document: T, version: number) => ({
    ...key(document.id),
    kind: { S: kind },
    org_kind: { S: orgKind(kind, document.orgId) },
    version: { N: String(version) },
    document: { S: JSON.stringify(document) },
  });
  const read = async (id: string) => {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: key(id), ConsistentRead: true }),
    );
    return Item && { document: parse<T>(Item), version: Number(Item['version']?.N) };
  };

  return {
    async create(document) {
      const put = {
        TableName: table,
        Item: item(document, 1),
        ConditionExpression: 'attribute_not_exists(pk)',
      };
      const org = document.orgId && {
        ConditionCheck: {
          TableName: table,
          Key: key(document.orgId, 'ORG'),
          ConditionExpression: 'attribute_exists(pk)',
        },
      };
      const transaction = { TransactItems: [{ Put: put }, ...(org ? [org] : [])] };
      for (let conflicts = 1; ; conflicts++) {
        try {
          await client.send(new TransactWriteItemsCommand(transaction));
          return 'created';
        } catch (error) {
          const [putReason, orgReason] = refusals(error);
          if (orgReason === 'ConditionalCheckFailed') return 'no_org';
          if (putReason === 'ConditionalCheckFailed') return 'exists';
          // Two that check the same org at once are a conflict for DynamoDB.
          const conflict = [putReason, orgReason].includes('TransactionConflict');
          if (!conflict || conflicts === mostConflicts) throw error;
          await afterConflict(conflicts);
        }
      }
    },

    async get(id) {
      return (await read(id))?.document;
    },

    async list({ orgId, limit, cursor }: ListRequest): Promise<Page<T>> {
      const [index, attribute, value] = orgId
        ? ['by_org', 'org_kind', orgKind(kind, orgId)]
        : ['by_kind', 'kind', kind as string];
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          IndexName: index,
          KeyConditionExpression: '#attribute = :value',
          ExpressionAttributeNames: { '#attribute': attribute },
          ExpressionAttributeValues: { ':value': { S: value } },
          Limit: limit,
          ExclusiveStartKey: cursor
            ? decodeCursor(cursor, { pk: { S: '' }, sk: { S: kind }, [attribute]: { S: value } })
            : undefined,
        }),
      );
      return { items: Items.map(parse<T>), nextCursor: LastEvaluatedKey && encodeCursor(LastEvaluatedKey) };
    },

    async update(id, change) {
      for (let conflicts = 0; conflicts < mostConflicts; conflicts++) {
        if (conflicts > 0) await afterConflict(conflicts);
        const found = await read(id);
        if (!found) return undefined;
        const changed = change(found.document);
        if (changed === found.document) return changed;
        try {
          await client.send(
            new PutItemCommand({
              TableName: table,
              Item: item(changed, found.version + 1),
              ConditionExpression: 'version = :version',
              ExpressionAttributeValues: { ':version': { N: String(found.version) } },
            }),
          );
          return changed;
        } catch (error) {
          if (!isConflict(error)) throw error;
        }
      }
      throw new Error(`${kind} ${id} was changed by others ${mostConflicts} times in a row`);
    },

    async delete({ id, orgId }) {
      return conditionHeld(
        client.send(
          new DeleteItemCommand({
            TableName: table,
            Key: key(id),
            ConditionExpression: 'org_kind = :org_kind',
            ExpressionAttributeValues: { ':org_kind': { S: orgKind(kind, orgId) } },
          }),
        ),
      );
    },
  };
}

/** Operator keys and orgs belong to no org; a dash cannot be an org's id. */
function orgKind(kind: DocumentKind, orgId: string | undefined): string {
  return `${orgId ?? '-'}#${kind}`;
}

function parse<T>(item: Record<string, AttributeValue>): T {
  return JSON.parse(item['document']!.S!) as T;
}

/** Why each part of a transaction was refused. */
function refusals(error: unknown): (string | undefined)[] {
  if (!(error instanceof TransactionCanceledException)) return [];
  return (error.CancellationReasons ?? []).map(({ Code }) => Code);
}

function isConflict(error: unknown): boolean {
  return error instanceof ConditionalCheckFailedException || error instanceof TransactionConflictException;
}
