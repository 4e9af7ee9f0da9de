import { beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '../../../lib/app/api/operation.ts';
import { inline, problem, runCalls } from './run-calls.ts';

let { advance, call, orgIds, read, sent, start, tell, valueOf } = runCalls();
beforeEach(() => {
  ({ advance, call, orgIds, read, sent, start, tell, valueOf } = runCalls());
});

const success = { status: 'COMPLETED', result: 'SUCCESS' };

describe('a report', () => {
  test('by either path is read back, and completes the run', async () => {
    const one = await start(inline({ a: 1 }));
    advance(1000);
    const progress = { status: 'IN_PROGRESS', logs: [{ logLevel: 'INFO', log: 'half' }] };
    expect((await tell(one, progress)).body).toMatchObject({
      id: one.node_run_id,
      workflowRunId: one.run_id,
      status: 'IN_PROGRESS',
    });
    const path = 'PATCH /v1/workflows/nodes/runs/{nodeRun}';
    const output = { processedAt: '2024-01-15T10:30:00Z' };
    const answer = await call(path, { nodeRun: one.node_run_id }, { ...success, output });
    expect(answer).toMatchObject({ status: 200, body: { ...success, output } });
    expect(await read(one)).toMatchObject({
      ...success,
      nodeRuns: [{ ...success, output, logs: [{ log: 'half', createdAt: '2024-01-15T10:30:01.000Z' }] }],
    });
  });

  test('that completes a node is repeated as it was answered, and no other comes after it', async () => {
    const one = await start(inline({ a: 1 }));
    const first = await tell(one, success);
    advance(1000);
    expect(await tell(one, success)).toEqual(first);
    for (const other of [
      { ...success, output: 1 },
      { ...success, result: 'FAILED' },
      { status: 'IN_PROGRESS' },
    ]) {
      await expect(tell(one, other)).rejects.toMatchObject({ status: 409, ...problem('conflict') });
    }
  });

  test('about a run of an org that is there no more finds nothing, not even for operators', async () => {
    const one = await start(inline({ a: 1 }));
    orgIds.delete('acme');
    const later = inline({ a: 1 }, { run_id: one.run_id });
    await expect(start(later)).rejects.toMatchObject(problem('not_found'));
    for (const caller of [undefined, { role: 'operator' } as const]) {
      await expect(read(one, caller)).rejects.toMatchObject(problem('not_found'));
      await expect(tell(one, success, caller)).rejects.toMatchObject(problem('not_found'));
    }
    orgIds.add('acme');
    expect(await read(one)).toMatchObject({ status: 'IN_PROGRESS', nodeRuns: [{}] });
  });

  test('about what is unknown, or another org’s, finds nothing', async () => {
    const one = await start(inline({ a: 1 }));
    const other: Caller = { role: 'tenant', orgId: 'other' };
    const byNode = call(
      'PATCH /v1/workflows/nodes/runs/{nodeRun}',
      { nodeRun: one.node_run_id },
      success,
      other,
    );
    await expect(byNode).rejects.toMatchObject(problem('not_found'));
    await expect(tell(one, success, other)).rejects.toMatchObject(problem('not_found'));
    await expect(read(one, other)).rejects.toMatchObject(problem('not_found'));
    const unknown = [
      { ...one, run_id: 'wfr_0123456789abcdef' },
      { ...one, node_run_id: 'wfnr_0123456789abcdef' },
    ];
    for (const missing of unknown)
      await expect(tell(missing, success)).rejects.toMatchObject(problem('not_found'));
    expect(await read(one, { role: 'operator' })).toMatchObject({ status: 'IN_PROGRESS' });
  });

  test.each<[unknown, string[]]>([
    [{}, ['status']],
    [[], ['']],
    [{ status: 'DONE', result: 'SUCCESS' }, ['status']],
    [{ status: 'COMPLETED' }, ['result']],
    [{ status: 'COMPLETED', result: 'OK' }, ['result']],
    [{ status: 'IN_PROGRESS', result: 'SUCCESS' }, ['result']],
    [{ ...success, logs: [{ log: 'x' }] }, ['logs.0.logLevel']],
    [{ ...success, more: 1 }, ['more']],
    [{ ...success, output: 'x'.repeat(131_072) }, ['output']],
    [{ ...success, output: JSON.parse('['.repeat(62) + ']'.repeat(62)) as unknown }, ['output']],
  ])('of %j is refused with 422 and every fault', async (body, paths) => {
    const one = await start(inline({ a: 1 }));
    const errors = paths.map((path) => ({ path }));
    await expect(tell(one, body)).rejects.toMatchObject({
      status: 422,
      ...problem('unprocessable', ...errors),
    });
    expect(await read(one)).toMatchObject({ status: 'IN_PROGRESS' });
  });

  test('of an output as deep as may be is seen by a later node', async () => {
    const one = await start(inline({ a: 1 }));
    const deepest = JSON.parse('['.repeat(61) + ']'.repeat(61)) as unknown;
    await tell(one, { ...success, output: deepest });
    await start(inline({ deep: '{{ .outputs.build }}' }, { run_id: one.run_id }));
    expect(valueOf(0)['payload']).toEqual({ deep: deepest });
  });

  test('is taken as long as all outputs of the run fit', async () => {
    const one = await start(inline({ a: 1 }));
    const others = await Promise.all(
      Array.from({ length: 8 }, () => start(inline({ a: 1 }, { run_id: one.run_id }))),
    );
    const output = 'x'.repeat(131_000);
    for (const other of others) await tell(other, { ...success, output });
    await expect(tell(one, { ...success, output })).rejects.toMatchObject({
      status: 413,
      ...problem('too_large'),
    });
    await tell(one, success);
    expect(await read(one)).toMatchObject(success);
  });

  test('comes too late once the run has timed out, which reads so; no node is started in it', async () => {
    const one = await start(inline({ a: 1 }, { timeout_seconds: 60 }));
    advance(59_999);
    expect(await read(one)).toMatchObject({ status: 'IN_PROGRESS', timesOutAt: '2024-01-15T10:31:00.000Z' });
    advance(1);
    expect(await read(one)).toMatchObject({ status: 'TIMED_OUT', nodeRuns: [{ status: 'TIMED_OUT' }] });
    await expect(tell(one, success)).rejects.toMatchObject(problem('conflict'));
    const late = start({ node: 'notify', run_id: one.run_id });
    await expect(late).rejects.toMatchObject({ status: 409, ...problem('conflict') });
    expect(sent).toHaveLength(1);
  });
});

test('a run whose logs do not fit into one answer shows those of its latest nodes, and counts the others', async () => {
  const one = await start(inline({ a: 1 }));
  const logs = Array.from({ length: 6 }, () => ({ logLevel: 'INFO', log: '\u001b'.repeat(10_000) }));
  const all = [one];
  for (let n = 1; n < 12; n++) all.push(await start(inline({ a: 1 }, { run_id: one.run_id })));
  for (const each of all) await tell(each, { status: 'IN_PROGRESS', logs });
  const body = (await read(one)) as { nodeRuns: { logs: unknown[]; droppedLogs: number }[] };
  const shown = body.nodeRuns.map(({ logs: lines }) => lines.length);
  expect(shown.at(-1)).toBe(6);
  expect(shown[0]).toBe(0);
  expect(body.nodeRuns.every((each) => each.logs.length + each.droppedLogs === 6)).toBe(true);
  expect(Buffer.byteLength(JSON.stringify(JSON.stringify(body)))).toBeLessThan(6_000_000);
});
