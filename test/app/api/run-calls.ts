import { expect } from 'vitest';
import { runOperations } from '../../../lib/app/api/runs.ts';
import { runReportOperations } from '../../../lib/app/api/run-reports.ts';
import type { Caller } from '../../../lib/app/api/operation.ts';
import {
  type RecordPlace,
  type StreamRecord,
  StreamMissing,
} from '../../../lib/app/ports/stream-producer.ts';
import type { PublishCalls } from '../../../lib/app/ports/publish-calls.ts';
import type { StoredNode } from '../../../lib/core/action-node.ts';
import { createEventIds } from '../../../lib/core/event-id.ts';
import { stringifyRaw } from '../../../lib/core/raw-json.ts';
import { memoryRuns } from '../../memory-runs.ts';

const eventIds = createEventIds('key');
const acme: Caller = { role: 'publisher', orgId: 'acme' };

/** The one node that is stored. */
const stored: StoredNode = {
  id: 'acme.notify',
  orgId: 'acme',
  identifier: 'notify',
  title: 'Notify',
  payload: JSON.stringify({ n: '{{ .outputs["build"].n }}' }),
  createdAt: '',
  updatedAt: '',
};

export interface Started {
  readonly run_id: string;
  readonly node_run_id: string;
}

const never = async () => {
  throw new Error('is not to be called');
};

/**
 * The operations of runs, with what they publish in a list and the time in the test's hands.
 * @param callsBy keeps calls with a key; without it there are none
 */
export function runCalls(callsBy?: (now: () => number) => PublishCalls) {
  const runs = memoryRuns();
  const orgIds = new Set(['acme', 'other']);
  const orgs = {
    get: async (id: string) => (orgIds.has(id) ? { id, name: id, createdAt: '' } : undefined),
  };
  const sent: { topic: string; records: readonly StreamRecord[] }[] = [];
  let isMissing = false;
  let isOwn = true;
  let isAway = false;
  let nowMs = Date.parse('2024-01-15T10:30:00Z');
  const now = () => nowMs;
  const producer = {
    async send(topic: string, records: readonly StreamRecord[]): Promise<RecordPlace[]> {
      if (isMissing) throw new StreamMissing(topic);
      if (isAway) throw new Error('no acknowledgement');
      // Whoever reads a record may report at once.
      expect(await runs.get(records[0]!.key)).toBeDefined();
      sent.push({ topic, records });
      return records.map((_, at) => ({ partition: 0, offset: String(at) }));
    },
    expectTopics: never,
  };
  const operations = {
    ...runOperations({
      calls: callsBy?.(now) ?? { begin: never, keep: never, forget: never, finish: never, release: never },
      callSecret: 'secret',
      orgs,
      streams: { get: async () => undefined },
      ownTopics: { has: async (orgId) => isOwn && orgIds.has(orgId) },
      nodes: { get: async (id) => (id === stored.id ? stored : undefined) },
      producer,
      runs,
      eventIds,
      now,
    }),
    ...runReportOperations({ runs, orgs, now }),
  };

  async function call<Body>(
    route: string,
    path: Readonly<Record<string, string>>,
    body?: unknown,
    caller = acme,
    idempotencyKey?: string,
  ) {
    const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
    const json: unknown = text === '' ? undefined : JSON.parse(text);
    const answer = await operations[route]!.run({
      caller,
      path,
      query: {},
      body: json,
      text,
      idempotencyKey,
    });
    return { status: answer.status, body: JSON.parse(stringifyRaw(answer.body)) as Body };
  }
  const nodePath = 'PATCH /v1/workflows/runs/{run}/nodes/{nodeRun}';
  return {
    runs,
    sent,
    orgIds,
    now,
    call,
    /** The cluster has no topic any more, or none is known to be the org's own. */
    loseTopics: () => void (isMissing = true),
    disown: () => void (isOwn = false),
    /** Whether the cluster acknowledges nothing. */
    setAway: (away: boolean) => void (isAway = away),
    advance: (ms: number) => void (nowMs += ms),
    start: async (body: unknown, key?: string) =>
      (await call<Started>('POST /v1/orgs/{org}/runs', { org: 'acme' }, body, acme, key)).body,
    tell: ({ run_id, node_run_id }: Started, body: unknown, caller?: Caller) =>
      call(nodePath, { run: run_id, nodeRun: node_run_id }, body, caller),
    read: async ({ run_id }: Started, caller?: Caller) => {
      const path = 'GET /v1/workflows/runs/{run}';
      return (await call<Record<string, unknown>>(path, { run: run_id }, undefined, caller)).body;
    },
    /** The value of a record of the last call. */
    valueOf: (at: number) => JSON.parse(sent.at(-1)!.records[at]!.value) as Record<string, object>,
  };
}

/** A body that starts a node as it stands. */
export const inline = (payload: unknown, more: object = {}) => ({
  node: { identifier: 'build', title: 'Build', config: { type: 'KAFKA', payload } },
  ...more,
});

/** What a refused call throws. */
export const problem = (kind: string, ...errors: object[]) => ({
  kind,
  ...(errors.length > 0 && { errors: errors.map((error) => expect.objectContaining(error) as object) }),
});
