import { describe, expect, test } from 'vitest';
import { type RunStart, resumeRun, startRun } from '../../lib/app/start-run.ts';
import { randomCallPlace } from '../../lib/core/call-place.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import { memoryRuns } from '../memory-runs.ts';

const startedMs = Date.parse('2024-01-15T10:30:00Z');
const eventIds = createEventIds('key');
const node = { identifier: 'build', title: 'Build', payload: '{"at": "{{ now }}"}' };
const newRun: RunStart = {
  orgId: 'acme',
  node,
  outputs: {},
  run: { workflowIdentifier: 'deploy', timeoutSeconds: 60 },
};

test('a call that is gone on with starts the same node, with the same records, and no other', async () => {
  const runs = memoryRuns();
  const call = { place: randomCallPlace(), startedMs, nowMs: startedMs };
  const first = await startRun({ runs, eventIds }, newRun, call);
  expect(await startRun({ runs, eventIds }, newRun, call)).toEqual(first);

  const id = first.answer.run_id;
  const later: RunStart = { orgId: 'acme', node, outputs: { trigger: '1.10' }, run: { id } };
  const next = { place: randomCallPlace(), startedMs: startedMs + 1, nowMs: startedMs + 1 };
  const second = await startRun({ runs, eventIds }, later, next);
  // What it gives to the run is there by then.
  expect(second.replaced).toEqual({ trigger: null });
  expect(await startRun({ runs, eventIds }, later, next)).toEqual({ ...second, replaced: {} });
  const run = (await runs.get(id))!;
  expect(run.nodeRuns.map((one) => one.id)).toEqual([first.answer.node_run_id, second.answer.node_run_id]);
  expect(run.outputs).toEqual({ trigger: '1.10' });
});

test('what is given to a run stays within bounds, whatever is added', async () => {
  const runs = memoryRuns();
  const call = () => ({ place: randomCallPlace(), startedMs, nowMs: startedMs });
  const start = (outputs: Record<string, string>, run: RunStart['run'] = newRun.run) =>
    startRun({ runs, eventIds }, { ...newRun, outputs, run }, call());
  const { answer } = await start({ a: JSON.stringify('x'.repeat(100_000)) });
  const more = { b: JSON.stringify('x'.repeat(100_000)) };
  await expect(start(more, { id: answer.run_id })).rejects.toMatchObject({ kind: 'too_large' });
  await start({ a: more.b }, { id: answer.run_id });
  expect((await runs.get(answer.run_id))!.nodeRuns).toHaveLength(2);
});

describe('a call that is repeated long after it was made first', () => {
  const hour = 3_600_000;
  const call = { place: randomCallPlace(), startedMs, nowMs: startedMs };

  test('starts a run with all of its time before it, and the records that it would have had', async () => {
    const [runs, others] = [memoryRuns(), memoryRuns()];
    const late = await startRun({ runs, eventIds }, newRun, { ...call, nowMs: startedMs + hour });
    const { run_id } = late.answer;
    expect(await runs.get(run_id)).toMatchObject({
      createdAtMs: startedMs,
      timesOutAtMs: startedMs + hour + 60_000,
    });
    // Given up before its records were kept, it has left the run as it was made then.
    expect(await startRun({ runs: others, eventIds }, newRun, call)).toEqual(late);
    expect(await startRun({ runs: others, eventIds }, newRun, { ...call, nowMs: startedMs + hour })).toEqual(
      late,
    );
    expect(await others.get(run_id)).toMatchObject({ timesOutAtMs: startedMs + hour + 60_000 });
    expect((await others.get(run_id))!.nodeRuns).toHaveLength(1);

    // The first invocation, thawed once the repeat has published the run.
    expect(await startRun({ runs: others, eventIds }, newRun, call)).toEqual(late);
    expect(await others.get(run_id)).toMatchObject({ timesOutAtMs: startedMs + hour + 60_000 });
  });

  test('gives the run its time once more when its records were kept, but no run that was there before', async () => {
    const runs = memoryRuns();
    const started = await startRun({ runs, eventIds }, newRun, call);
    const { run_id: id } = started.answer;
    await resumeRun({ runs }, { id }, started, startedMs + hour);
    expect((await runs.get(id))!.timesOutAtMs).toBe(startedMs + 60_000);
    await resumeRun({ runs }, newRun.run, started, startedMs + hour);
    expect((await runs.get(id))!.timesOutAtMs).toBe(startedMs + hour + 60_000);
  });

  test('starts no node in a run that has timed out since', async () => {
    const runs = memoryRuns();
    const { answer } = await startRun({ runs, eventIds }, newRun, call);
    const later: RunStart = { orgId: 'acme', node, outputs: {}, run: { id: answer.run_id } };
    const repeat = { place: randomCallPlace(), startedMs, nowMs: startedMs + hour };
    await expect(startRun({ runs, eventIds }, later, repeat)).rejects.toMatchObject({
      kind: 'conflict',
    });
  });
});
