import { expect, test } from 'vitest';
import { type RunStart, startRun } from '../../lib/app/start-run.ts';
import { randomCallPlace } from '../../lib/core/call-place.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import { memoryRuns } from '../memory-runs.ts';

const startedMs = Date.parse('2024-01-15T10:30:00Z');
const eventIds = createEventIds('key');
const orgs = { get: async (id: string) => ({ id, name: id, createdAt: '2024-01-01T00:00:00Z' }) };
const node = { identifier: 'build', title: 'Build', payload: '{"at": "{{ now }}"}' };
const newRun: RunStart = {
  orgId: 'acme',
  node,
  outputs: {},
  run: { workflowIdentifier: 'deploy', timeoutSeconds: 60 },
};

test('a call that is gone on with starts the same node, with the same records, and no other', async () => {
  const runs = memoryRuns();
  const call = { place: randomCallPlace(), startedMs };
  const first = await startRun({ runs, orgs, eventIds }, newRun, call);
  expect(await startRun({ runs, orgs, eventIds }, newRun, call)).toEqual(first);

  const id = first.answer.run_id;
  const later: RunStart = { orgId: 'acme', node, outputs: { trigger: '1.10' }, run: { id } };
  const next = { place: randomCallPlace(), startedMs: startedMs + 1 };
  const second = await startRun({ runs, orgs, eventIds }, later, next);
  expect(await startRun({ runs, orgs, eventIds }, later, next)).toEqual(second);
  const run = (await runs.get(id))!;
  expect(run.nodeRuns.map((one) => one.id)).toEqual([first.answer.node_run_id, second.answer.node_run_id]);
  expect(run.outputs).toEqual({ trigger: '1.10' });
});

test('what is given to a run stays within bounds, whatever is added', async () => {
  const runs = memoryRuns();
  const start = (outputs: Record<string, string>, run: RunStart['run'] = newRun.run) =>
    startRun({ runs, orgs, eventIds }, { ...newRun, outputs, run }, { place: randomCallPlace(), startedMs });
  const { answer } = await start({ a: JSON.stringify('x'.repeat(100_000)) });
  const more = { b: JSON.stringify('x'.repeat(100_000)) };
  await expect(start(more, { id: answer.run_id })).rejects.toMatchObject({ kind: 'too_large' });
  await start({ a: more.b }, { id: answer.run_id });
  expect((await runs.get(answer.run_id))!.nodeRuns).toHaveLength(2);
});
