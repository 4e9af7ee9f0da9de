import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { FormerOrgs } from '../app/ports/former-orgs.ts';
import { expiry } from './event-items.ts';

const sortKey = 'FORMER_ORG';

/** Ids of deleted orgs in the config table, an item each, which goes by itself. They are in no index. */
export function createFormerOrgs(client: DynamoDBClient, table: string): FormerOrgs {
  const key = (id: string) => ({ pk: { S: `${sortKey}#${id}` }, sk: { S: sortKey } });
  return {
    async keep(id, untilMs) {
      const item = { ...key(id), until: { N: String(untilMs) }, ...expiry(untilMs, 0) };
      await client.send(new PutItemCommand({ TableName: table, Item: item }));
    },

    async keptUntilMs(id) {
      const read = new GetItemCommand({ TableName: table, Key: key(id), ConsistentRead: true });
      const { Item: item } = await client.send(read);
      return item && Number(item['until']!.N);
    },
  };
}
