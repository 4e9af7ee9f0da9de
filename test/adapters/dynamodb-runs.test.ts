import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createRuns } from '../../lib/adapters/dynamodb-runs.ts';
import { startNode, startRun, withTimeFrom, withoutNode } from '../../lib/core/run.ts';
import { dyingClient } from '../app/dying-client.ts';
import { type Storage, startStorage } from '../contracts/stores.ts';

const nowMs = 1_700_000_000_000;
const retentionDays = 30;
let storage: Storage;
let table: string;

beforeAll(async () => {
  storage = await startStorage();
});
afterAll(() => storage?.stop());
beforeEach(async () => {
  table = (await storage.freshStores()).config;
  await createRuns(storage.dynamodb, table, retentionDays).create(runWithNode());
});

function runWithNode() {
  const start = { id: 'wfr_1', orgId: 'acme', workflowIdentifier: 'deploy', outputs: {} };
  const started = startNode(startRun(start, 60, nowMs), { identifier: 'a', title: 'A' }, 'wfnr_a', nowMs);
  if ('refused' in started) throw new Error(started.refused);
  return started.run;
}

test('all items of a run that is given more time live as long as the run', async () => {
  const runs = createRuns(storage.dynamodb, table, retentionDays);
  await runs.update('wfr_1', (run) => withTimeFrom(run, 60, nowMs + 3_600_000));
  const { Items: items } = await storage.dynamodb.send(new ScanCommand({ TableName: table }));
  const expiresAt = (nowMs + 3_660_000) / 1000 + retentionDays * 86_400;
  expect(items!.map((item) => item['expires_at']?.N)).toEqual(Array(3).fill(String(expiresAt)));
});

test('a withdrawal that is broken off leaves no node that nothing leads to', async () => {
  const killed = createRuns(dyingClient({ writes: 1, isSent: true }), table, retentionDays);
  await expect(killed.update('wfr_1', (run) => withoutNode(run, 'wfnr_a'))).rejects.toThrow('killed');
  const runs = createRuns(storage.dynamodb, table, retentionDays);
  expect((await runs.get('wfr_1'))!.nodeRuns).toEqual([]);
});
