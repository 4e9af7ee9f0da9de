import { beforeEach, describe, expect, test } from 'vitest';
import { type Started, inline, problem, runCalls } from './run-calls.ts';

let { call, disown, loseTopics, read, runs, sent, start, tell, valueOf } = runCalls();
beforeEach(() => {
  ({ call, disown, loseTopics, read, runs, sent, start, tell, valueOf } = runCalls());
});

describe('a start', () => {
  test('publishes a record per element, in order, about a run that is kept before', async () => {
    const answer = await call<Started>(
      'POST /v1/orgs/{org}/runs',
      { org: 'acme' },
      inline([{ n: 1 }, { now: '{{ now | date "2006-01-02T15:04:05Z" }}' }], { workflow: 'deploy' }),
    );
    const { run_id, node_run_id } = answer.body;
    const places = [0, 1].map((at) => ({ partition: 0, offset: String(at) }));
    expect(answer).toEqual({
      status: 202,
      body: { run_id, node_run_id, topic: 'acme.runs', records: places },
    });
    const [{ topic, records }] = sent as [(typeof sent)[0]];
    expect(topic).toBe('acme.runs');
    expect(records.map(({ key }) => key)).toEqual([run_id, run_id]);
    expect(records.map(({ headers }) => headers['event-type'])).toEqual(['workflow.node', 'workflow.node']);
    expect(new Set(records.map(({ headers }) => headers['event-id'])).size).toBe(2);
    const createdAt = '2024-01-15T10:30:00.000Z';
    expect(valueOf(1)).toEqual({
      payload: { now: '2024-01-15T10:30:00Z' },
      workflowRun: { id: run_id, workflowIdentifier: 'deploy', status: 'IN_PROGRESS', createdAt },
      context: {
        orgId: 'acme',
        workflowRunId: run_id,
        nodeRunId: node_run_id,
        nodeIdentifier: 'build',
        nodeTitle: 'Build',
        index: 1,
        count: 2,
      },
    });
  });

  test('takes numbers as they were written, in payloads, inputs and outputs', async () => {
    const payload =
      '{"own": 1.10, "given": "{{ .inputs.big }}", "output": "{{ .outputs["trigger"].e }}", "none": "{{ .inputs.no.way }}"}';
    await start(
      `{"node": {"config": {"type": "KAFKA", "payload": ${payload.replaceAll(/\{\{.*?\}\}/g, (part) => part.replaceAll('"', '\\"'))}}},
        "inputs": {"big": 12345678901234567890}, "outputs": {"trigger": {"e": 1e3}}}`,
    );
    expect(sent[0]!.records[0]!.value).toContain(
      '"payload":{"own":1.10,"given":12345678901234567890,"output":1e3,"none":null}',
    );
    expect(valueOf(0)['context']).toMatchObject({ nodeIdentifier: 'kafka', nodeTitle: 'kafka' });
  });

  test('of a node in a run sees what earlier nodes have reported, and what is given with it', async () => {
    const first = await start(inline({ a: 1 }, { outputs: { build: { n: 1 } } }));
    await tell(first, '{"status": "IN_PROGRESS", "output": {"n": 2.50}}');
    const second = await start({ node: 'notify', run_id: first.run_id });
    expect(second.run_id).toBe(first.run_id);
    expect(second.node_run_id).not.toBe(first.node_run_id);
    expect(sent[1]!.records[0]!.value).toContain('"payload":{"n":2.50}');
    await start(
      inline({ tag: '{{ .outputs.scan.tag }}' }, { run_id: first.run_id, outputs: { scan: { tag: 'v1' } } }),
    );
    expect(valueOf(0)['payload']).toEqual({ tag: 'v1' });
    expect(await read(first)).toMatchObject({ nodeRuns: [{}, { nodeIdentifier: 'notify' }, {}] });
  });

  test('with a template at fault answers its path and column, and nothing is kept or published', async () => {
    const first = await start(inline({ a: 1 }));
    const payload = { data: [{ x: 'ab {{ .outputs. }}' }], text: '{{ .inputs.text | date "2006" }}' };
    const faults = problem('template_error', { path: 'payload.data[0].x' });
    await expect(start(inline(payload))).rejects.toMatchObject(faults);
    const rendering = inline({ when: '{{ .inputs.text | date "2006" }}' }, { inputs: { text: 'x' } });
    await expect(start(rendering)).rejects.toMatchObject({
      status: 422,
      ...problem('template_error', {
        path: 'payload.when',
        message: expect.stringMatching(/^column 19: /) as string,
      }),
    });
    const inRun = inline({ when: '{{ .workflowRun.id | date "2006" }}' }, { run_id: first.run_id });
    await expect(start(inRun)).rejects.toMatchObject(problem('template_error'));
    expect(sent).toHaveLength(1);
    expect((await read(first))['nodeRuns']).toHaveLength(1);
  });

  test('whose topic is not there leaves no node in the run, which completes without it', async () => {
    const first = await start(inline({ a: 1 }));
    loseTopics();
    await expect(start(inline({ a: 2 }, { run_id: first.run_id }))).rejects.toMatchObject(
      problem('conflict'),
    );
    expect((await read(first))['nodeRuns']).toHaveLength(1);
    await tell(first, { status: 'COMPLETED', result: 'SUCCESS' });
    expect(await read(first)).toMatchObject({ status: 'COMPLETED' });
  });

  test('that is refused leaves the run as it was, with the outputs that were given to it before', async () => {
    const { run_id } = await start(inline({ a: 1 }, { outputs: { scan: { n: 1 }, same: 7 } }));
    const before = (await runs.get(run_id))!;
    const refused = inline({}, { run_id, outputs: { scan: { n: 2 }, same: 7, more: 3 } });
    loseTopics();
    await expect(start(refused)).rejects.toMatchObject(problem('conflict'));
    expect(await runs.get(run_id)).toEqual(before);
  });

  test('into topics that are not the org’s own writes nothing to the run, not even for a moment', async () => {
    const { run_id } = await start(inline({ a: 1 }));
    const before = await runs.get(run_id);
    disown();
    await expect(start(inline({}, { run_id, outputs: { scan: 1 } }))).rejects.toMatchObject(
      problem('conflict'),
    );
    expect(await runs.get(run_id)).toBe(before);
  });

  test('of a node or in a run that is not the org’s own is refused', async () => {
    await expect(start({ node: 'unknown' })).rejects.toMatchObject(problem('not_found'));
    const run_id = 'wfr_0123456789abcdef';
    await expect(start({ node: 'notify', run_id })).rejects.toMatchObject(problem('not_found'));
    const { run_id: foreign } = await start(inline({ a: 1 }));
    const asOther = call('POST /v1/orgs/{org}/runs', { org: 'other' }, inline({ a: 1 }, { run_id: foreign }));
    await expect(asOther).rejects.toMatchObject(problem('not_found'));
    expect(sent).toHaveLength(1);
  });

  test.each<[unknown, string[]]>([
    [{}, ['node']],
    [[], ['']],
    [{ node: 7 }, ['node']],
    [{ node: 'no.dots' }, ['node']],
    [{ node: { config: { type: 'WEBHOOK' } } }, ['node.config.type', 'node.config.payload']],
    [inline({}, { inputs: [], timeout_seconds: 0, more: 1 }), ['inputs', 'timeout_seconds', 'more']],
    [
      inline({}, { run_id: 'wfr_0123456789abcdef', inputs: {}, workflow: 'w', timeout_seconds: 1 }),
      ['inputs', 'workflow', 'timeout_seconds'],
    ],
    [inline({}, { outputs: { 'a\nb': 1 } }), ['outputs']],
    [inline({}, { inputs: { text: 'x'.repeat(131_072) } }), ['']],
    [
      inline({}, { outputs: { deep: JSON.parse('['.repeat(62) + ']'.repeat(62)) as unknown } }),
      ['outputs.deep'],
    ],
  ])('of %j is refused with every fault', async (body, paths) => {
    const error = await start(body).catch((thrown: unknown) => thrown as { errors: { path: string }[] });
    expect(error).toMatchObject({ kind: 'invalid_request' });
    expect('errors' in error && error.errors.map(({ path }) => path).sort()).toEqual([...paths].sort());
  });
});
