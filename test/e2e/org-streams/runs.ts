import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Fanout } from '../../../infra/local/fanout-local.ts';
import { problem } from '../api/api-client.ts';
import type { FanoutClient } from '../fanout-client.ts';
import type { Running } from './provisioning.ts';
import {
  notifications,
  processed,
  provisionInfrastructure,
  publishEvent,
  serviceDeployed,
  trigger,
} from './run-examples.ts';
import { type StreamBody, clientOf, streamClient } from '../stream-client.ts';
import { readRecords } from './stream-records.ts';

interface Started {
  readonly run_id: string;
  readonly node_run_id: string;
  readonly topic: string;
  readonly records: readonly { readonly partition: number; readonly offset: string }[];
}

const inline = (payload: unknown, more: object = {}) => ({
  node: { identifier: 'build', config: { type: 'KAFKA', payload } },
  ...more,
});

function recordOf({ key, value, headers }: Awaited<ReturnType<typeof readRecords>>[number]) {
  const texts = Object.entries(headers!).map(([name, header]) => [name, header!.toString()] as const);
  return {
    key: key!.toString(),
    headers: Object.fromEntries(texts),
    value: JSON.parse(value!.toString()) as Record<string, unknown>,
  };
}

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string;
const { service, version, environment, cloudProvider, region, instanceType, count } = trigger;
const slack = { type: 'notification', channel: 'slack', message: 'Deployment started' };
const examples: [string, object[]][] = [
  [publishEvent, [{ eventType: 'deployment.started', service, version, environment, timestamp: time }]],
  [
    serviceDeployed,
    [
      {
        event: 'service.deployed',
        data: { serviceId: service, version, environment },
        metadata: { timestamp: time },
      },
    ],
  ],
  [
    provisionInfrastructure,
    [
      {
        action: 'provision-infrastructure',
        parameters: { cloudProvider, region, instanceType, count },
        callback: {},
      },
    ],
  ],
  [notifications, [slack, { ...slack, channel: 'email' }]],
];

/** Runs of Kafka action nodes, and what their consumers report. */
export function runsSuite(running: () => Running): void {
  describe('runs', () => {
    let fanout: Fanout;
    let client: FanoutClient;
    let org: string;
    /** Reads the org's runs from their beginning with the org's own credentials. */
    let readRuns: (count: number) => Promise<ReturnType<typeof recordOf>[]>;
    let publisher: string;
    let tenant: string;
    let foreign: string;
    /** Records that were published so far. */
    let published = 0;

    beforeAll(async () => {
      ({ fanout, client } = running());
      org = await client.createOrg();
      const streams = streamClient(client);
      const { body: credentials } = await client.call<StreamBody>('PUT', streams.path(org));
      const isReady = async () => (await streams.get(org)).status === 'ready';
      await vi.waitUntil(isReady, { timeout: 60_000, interval: 100 });
      const stream = await streams.get(org);
      let reads = 0;
      readRuns = async (count) => {
        const kafka = clientOf(stream.commands.consume['runs']!, credentials);
        return (await readRecords(kafka, `${org}.runs`, `${org}.app-${reads++}`, count)).map(recordOf);
      };
      const key = async (of: string, role: string) =>
        (await client.call<{ key: string }>('POST', `/v1/orgs/${of}/keys`, { name: role, role })).body.key;
      [publisher, tenant] = [await key(org, 'publisher'), await key(org, 'tenant')];
      foreign = await key(await client.createOrg(), 'publisher');
    });

    async function start(body: unknown): Promise<Started> {
      const answer = await client.call<Started>('POST', `/v1/orgs/${org}/runs`, body, publisher);
      expect(answer.status, JSON.stringify(answer.body)).toBe(202);
      published += answer.body.records.length;
      return answer.body;
    }

    const tell = ({ run_id, node_run_id }: Started, body: unknown, key = tenant) =>
      client.call('PATCH', `/v1/workflows/runs/${run_id}/nodes/${node_run_id}`, body, key);
    const read = ({ run_id }: Started, key = tenant) =>
      client.call<{ status: string }>('GET', `/v1/workflows/runs/${run_id}`, undefined, key);

    test('each example of the page is published as it stands, and read back with the org’s own credentials', async () => {
      const wanted: object[] = [];
      for (const [example, payloads] of examples) {
        const { identifier = 'kafka', title = 'kafka' } = JSON.parse(example) as Record<string, string>;
        const body = `{"node": ${example}, "outputs": {"trigger": ${JSON.stringify(trigger)}}, "workflow": "deploy"}`;
        const { run_id, node_run_id, topic, records } = await start(body);
        expect(topic).toBe(`${org}.runs`);
        expect(records).toEqual(
          payloads.map((_, at) => ({ partition: 0, offset: String(wanted.length + at) })),
        );
        const context = {
          orgId: org,
          workflowRunId: run_id,
          nodeRunId: node_run_id,
          nodeIdentifier: identifier,
          nodeTitle: title,
          count: payloads.length,
        };
        const createdAt = expect.stringMatching(/^\d{4}-.*Z$/) as string;
        const workflowRun = { id: run_id, workflowIdentifier: 'deploy', status: 'IN_PROGRESS', createdAt };
        const headers = {
          'event-id': expect.stringMatching(/^[0-9A-Z]{26}$/) as string,
          'event-type': 'workflow.node',
          'content-type': 'application/json',
        };
        for (const [index, payload] of payloads.entries()) {
          const value = { payload, workflowRun, context: { ...context, index } };
          wanted.push({ key: run_id, headers, value });
        }
      }
      expect(await readRuns(wanted.length)).toEqual(wanted);
    });

    test('a node is stored as it stands on the page, and started by its identifier', async () => {
      const path = `/v1/orgs/${org}/nodes/publish-event`;
      const given = JSON.parse(publishEvent) as object;
      expect(await client.call('PUT', path, publishEvent, publisher)).toMatchObject({
        status: 200,
        body: given,
      });
      expect(await client.call('GET', path, undefined, tenant)).toMatchObject({ status: 200, body: given });
      expect((await client.call('PUT', path, publishEvent, tenant)).status).toBe(403);
      await start({ node: 'publish-event' });
      // A path that leads nowhere is null.
      expect((await readRuns(published)).at(-1)!.value['payload']).toMatchObject({ service: null });
      const changed = { config: { type: 'KAFKA', payload: { changed: true } } };
      expect((await client.call('PUT', path, changed)).status).toBe(200);
      await start({ node: 'publish-event' });
      expect((await readRuns(published)).at(-1)!.value).toMatchObject({
        payload: { changed: true },
        workflowRun: { workflowIdentifier: 'publish-event' },
      });
      const wrong = { config: { type: 'KAFKA', payload: { text: 'ab {{ .outputs. }}' } } };
      expect(await client.call('PUT', path, wrong)).toMatchObject({
        status: 422,
        ...problem('template_error'),
      });
      expect((await client.call('DELETE', path, undefined, publisher)).status).toBe(204);
      for (const [method, at, body] of [
        ['GET', path, undefined],
        ['DELETE', path, undefined],
        ['POST', `/v1/orgs/${org}/runs`, { node: 'publish-event' }],
      ] as const) {
        expect(await client.call(method, at, body)).toMatchObject({ status: 404, ...problem('not_found') });
      }
    });

    test('a report by either path is read back, and a later node of the run sees its output', async () => {
      const one = await start(inline({ a: 1 }));
      expect(await read(one)).toMatchObject({ status: 200, body: { status: 'IN_PROGRESS' } });
      const completed = await tell(one, processed);
      expect(completed).toMatchObject({ status: 200, body: { status: 'COMPLETED', result: 'SUCCESS' } });
      expect(await tell(one, processed)).toEqual(completed);
      const other = { status: 'COMPLETED', result: 'FAILED' };
      expect(await tell(one, other)).toMatchObject({ status: 409, ...problem('conflict') });
      expect(await read(one)).toMatchObject({ body: { status: 'COMPLETED', result: 'SUCCESS' } });

      const payload = { at: '{{ .outputs["build"].processedAt }}' };
      const later = await start({
        node: { identifier: 'notify', config: { type: 'KAFKA', payload } },
        run_id: one.run_id,
      });
      expect(later.run_id).toBe(one.run_id);
      const record = (await readRuns(published)).at(-1)!;
      expect(record).toMatchObject({ key: one.run_id, value: { payload: { at: '2024-01-15T10:30:00Z' } } });
      expect(await read(one)).toMatchObject({ body: { status: 'IN_PROGRESS' } });
      const logs = [{ logLevel: 'ERROR', log: 'no' }];
      const path = `/v1/workflows/nodes/runs/${later.node_run_id}`;
      expect((await client.call('PATCH', path, { ...other, logs }, publisher)).status).toBe(200);
      expect(await read(one)).toMatchObject({
        body: { status: 'COMPLETED', result: 'FAILED', nodeRuns: [{ nodeIdentifier: 'build' }, { logs }] },
      });
    });

    test('reports with wrong values are 422; unknown and foreign runs are 404', async () => {
      const one = await start(inline({ a: 1 }));
      for (const body of [
        {},
        { status: 'DONE' },
        { status: 'COMPLETED' },
        { status: 'COMPLETED', result: 'OK' },
      ]) {
        expect(await tell(one, body)).toMatchObject({ status: 422, ...problem('unprocessable') });
      }
      const missing = { status: 404, ...problem('not_found') };
      const unknown = { ...one, run_id: 'wfr_0123456789abcdef', node_run_id: 'wfnr_0123456789abcdef' };
      for (const [run, key] of [
        [unknown, tenant],
        [{ ...one, node_run_id: unknown.node_run_id }, tenant],
        [one, foreign],
      ] as const) {
        expect(await tell(run, processed, key)).toMatchObject(missing);
        const path = `/v1/workflows/nodes/runs/${run.node_run_id}`;
        expect(await client.call('PATCH', path, processed, key)).toMatchObject(missing);
      }
      expect(await read(one, foreign)).toMatchObject(missing);
      expect(await read(unknown)).toMatchObject(missing);
      expect(await read(one)).toMatchObject({ body: { status: 'IN_PROGRESS' } });
    });

    test('a run past its time-out reads as timed out, and takes neither reports nor nodes', async () => {
      const one = await start(inline({ a: 1 }, { timeout_seconds: 1 }));
      await expect.poll(async () => (await read(one)).body.status, { timeout: 10_000 }).toBe('TIMED_OUT');
      expect(await tell(one, processed)).toMatchObject({ status: 409, ...problem('conflict') });
      const late = inline({ a: 1 }, { run_id: one.run_id });
      expect(await client.call('POST', `/v1/orgs/${org}/runs`, late)).toMatchObject({ status: 409 });
    });

    test('a template at fault is answered with path and column, and nothing is published', async () => {
      const faulty = inline(
        { data: { when: 'at {{ .inputs.when | date "2006" }}' } },
        { inputs: { when: 'soon' } },
      );
      expect(await client.call('POST', `/v1/orgs/${org}/runs`, faulty)).toMatchObject({
        status: 422,
        body: {
          ...problem('template_error').body,
          errors: [{ path: 'payload.data.when', message: expect.stringMatching(/^column \d+: /) as string }],
        },
      });
      const { records } = await start(inline({ a: 1 }));
      expect(records).toEqual([{ partition: 0, offset: String(published - 1) }]);
    });

    test('a call that is repeated under its key is the same run, published once', async () => {
      const call = async (body: object) => {
        const answer = await fetch(`${fanout.url}/v1/orgs/${org}/runs`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${publisher}`,
            'content-type': 'application/json',
            'idempotency-key': 'run-1',
          },
          body: JSON.stringify(body),
        });
        return { status: answer.status, body: (await answer.json()) as Started };
      };
      const first = await call(inline({ a: 1 }));
      published += 1;
      expect(first).toMatchObject({ status: 202, body: { records: [{ offset: String(published - 1) }] } });
      expect(await call(inline({ a: 1 }))).toEqual(first);
      expect((await call(inline({ a: 2 }))).status).toBe(422);
      const { records } = await start(inline({ a: 1 }));
      expect(records[0]!.offset).toBe(String(published - 1));
    });

    test('without a stream nothing is started', async () => {
      const other = await client.createOrg();
      const path = `/v1/orgs/${other}/runs`;
      expect(await client.call('POST', path, inline({ a: 1 }))).toMatchObject({
        status: 409,
        ...problem('conflict'),
      });
      expect(await client.call('POST', '/v1/orgs/nobody/runs', inline({ a: 1 }))).toMatchObject({
        status: 404,
      });
    });
  });
}
