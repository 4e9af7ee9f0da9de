import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Runs } from '../app/ports/runs.ts';
import type { NodeRun, Run } from '../core/run.ts';
import { afterConflict, mostConflicts } from './after-conflict.ts';
import { type Item, itemsUnder } from './dynamodb-batch.ts';
import { conditionHeld } from './dynamodb-condition.ts';
import { expiry } from './event-items.ts';
import { nodeRunItem, nodeRunKey, readRun, runItem, runKey } from './run-items.ts';

/**
 * Runs in the config table, each node's run an item of its own, so that reports about several of them at once do not get in
 * each other's way. They are in no index, and end that many days after they time out.
 */
export function createRuns(client: DynamoDBClient, table: string, retentionDays: number): Runs {
  /** @returns false when another has written it since it was read */
  const put = (item: Item, run: Run, version = 0): Promise<boolean> =>
    conditionHeld(
      client.send(
        new PutItemCommand({
          TableName: table,
          Item: { ...item, ...expiry(run.timesOutAtMs, retentionDays), version: { N: String(version + 1) } },
          ...(version === 0
            ? { ConditionExpression: 'attribute_not_exists(pk)' }
            : {
                ConditionExpression: 'version = :version',
                ExpressionAttributeValues: { ':version': { N: String(version) } },
              }),
        }),
      ),
    );
  /** What leads to a run comes before it, and goes after it: what leads nowhere harms nobody. */
  const putNode = async (run: Run, nodeRun: NodeRun, version?: number): Promise<boolean> => {
    const { id, timesOutAtMs } = run;
    const lead = { ...nodeRunKey(nodeRun.id), run: { S: id }, ...expiry(timesOutAtMs, retentionDays) };
    await client.send(new PutItemCommand({ TableName: table, Item: lead }));
    return put(nodeRunItem(run, nodeRun), run, version);
  };
  /** @returns false when another has written it since it was read */
  const remove = async ({ pk, sk }: Item, nodeRun: NodeRun, version: number): Promise<boolean> => {
    const deletion = new DeleteItemCommand({
      TableName: table,
      Key: { pk: pk!, sk: sk! },
      ConditionExpression: 'version = :version',
      ExpressionAttributeValues: { ':version': { N: String(version) } },
    });
    if (!(await conditionHeld(client.send(deletion)))) return false;
    await client.send(new DeleteItemCommand({ TableName: table, Key: nodeRunKey(nodeRun.id) }));
    return true;
  };
  /** @returns false when others have written what was to be written */
  const write = async (before: Run, after: Run, versions: ReadonlyMap<string, number>): Promise<boolean> => {
    // The items of its nodes live as long as the run.
    const isLonger = after.timesOutAtMs !== before.timesOutAtMs;
    if (after.outputs !== before.outputs || isLonger) {
      const item = runItem(after);
      if (!(await put(item, after, versions.get(item['sk']!.S!)))) return false;
    }
    for (const nodeRun of after.nodeRuns.filter((one) => isLonger || !before.nodeRuns.includes(one))) {
      const item = nodeRunItem(after, nodeRun);
      const version = versions.get(item['sk']!.S!);
      const leads = version !== undefined && !isLonger;
      const written = leads ? put(item, after, version) : putNode(after, nodeRun, version);
      if (!(await written)) return false;
    }
    const left = new Set(after.nodeRuns.map(({ id }) => id));
    for (const nodeRun of before.nodeRuns.filter(({ id }) => !left.has(id))) {
      const item = nodeRunItem(before, nodeRun);
      if (!(await remove(item, nodeRun, versions.get(item['sk']!.S!)!))) return false;
    }
    return true;
  };

  return {
    async create(run) {
      for (const nodeRun of run.nodeRuns) await putNode(run, nodeRun);
      return put(runItem(run), run);
    },

    async get(id) {
      return readRun(await itemsUnder(client, table, runKey(id)));
    },

    async runOf(nodeRunId) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: nodeRunKey(nodeRunId), ConsistentRead: true }),
      );
      return Item?.['run']!.S;
    },

    async update(id, change) {
      for (let conflicts = 0; conflicts < mostConflicts; conflicts++) {
        if (conflicts > 0) await afterConflict(conflicts);
        const items = await itemsUnder(client, table, runKey(id));
        const before = readRun(items);
        if (before === undefined) return undefined;
        const after = change(before);
        const versions = new Map(items.map(({ sk, version }) => [sk!.S!, Number(version!.N)]));
        if (await write(before, after, versions)) return after;
      }
      throw new Error(`Run ${id} was changed by others ${mostConflicts} times in a row`);
    },
  };
}
