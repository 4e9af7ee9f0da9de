import { beforeEach, expect, test } from 'vitest';
import { endpointOperations } from '../../../lib/app/api/endpoints.ts';
import type { Endpoint, WebhookEndpoint } from '../../../lib/core/endpoint.ts';
import { noCounts } from '../../../lib/core/endpoint-counts.ts';
import { endpoint } from '../../endpoints.ts';

const at = '2026-11-21T14:00:00.000Z';
const alerts = [{ at, since: at, percent: 50, consecutiveFailures: 50 }];
let stored: Endpoint;
/** Endpoints whose streak of failures was ended. */
let ended: string[];
/** How often it was waited for a change to count everywhere. */
let waits: number;

const never = async () => {
  throw new Error('is not to be called');
};
const operations = endpointOperations({
  endpoints: {
    create: never,
    get: async () => stored,
    list: async () => ({ items: [stored] }),
    update: async (_, change) => (stored = change(stored)),
    delete: async () => true,
  },
  orgs: { get: async () => ({ id: 'acme', name: 'Acme', createdAt: at, updatedAt: at }) },
  sender: { attempt: never },
  rules: {
    urlRule: () => undefined,
    hostRule: () => undefined,
    partitionKeys: { fault: () => undefined, keyOf: () => '' },
    retentionDays: 30,
    compilePattern: () => () => true,
  },
  releases: {
    replays: { create: async () => 'created', get: never, list: never, update: never, delete: never },
    watch: { expect: async () => {}, running: never, forget: never },
    queue: { send: async () => {} },
    now: () => Date.parse(at),
  },
  counts: { read: async () => ({ lastHour: { ...noCounts, attempts: 2 }, lastDay: noCounts }) },
  changeShows: async () => void waits++,
  streaks: { reset: async ({ id }) => void ended.push(id) },
  now: () => Date.parse(at),
});

const run = (method: string, body?: unknown, path = '/v1/orgs/{org}/endpoints/{endpoint}') =>
  operations[`${method} ${path}`]!.run({
    caller: { role: 'operator' },
    path: { org: 'acme', endpoint: 'ep_1' },
    query: {},
    body,
    text: '',
  });

beforeEach(() => {
  stored = endpoint({ id: 'ep_1', hints: { slow: true, failing: true }, alerts });
  ended = [];
  waits = 0;
});

const none = { attempts: 0, failed_attempts: 0, delivered: 0, failed: 0 };

test('one endpoint says how its deliveries went, a list does not; both have the alerts', async () => {
  const shown = { id: 'ep_1', alerts: [{ at, percent: 50, consecutive_failures: 50 }] };
  const deliveries = { last_hour: { ...none, attempts: 2 }, last_day: none };
  expect((await run('GET')).body).toMatchObject({ ...shown, deliveries });
  const { body } = await run('GET', undefined, '/v1/orgs/{org}/endpoints');
  expect(body).toMatchObject({ data: [shown] });
  expect(JSON.stringify(body)).not.toContain('last_hour');
});

test.each<[what: string, before: Partial<WebhookEndpoint>, change: object, hints: Endpoint['hints']]>([
  [
    'is active again',
    { status: 'disabled', disabledReason: 'failing' },
    { status: 'active' },
    { slow: true },
  ],
  ['is active again', { status: 'paused' }, { status: 'active' }, { slow: true }],
  ['has another URL', {}, { config: { url: 'https://example.com/' } }, undefined],
])('an endpoint that %s (%j, %j) begins without failures', async (_, before, change, hints) => {
  stored = endpoint({ id: 'ep_1', hints: { slow: true, failing: true }, alerts, ...before });
  await run('PATCH', change);
  expect(ended).toEqual(['ep_1']);
  expect(stored.hints).toEqual(hints);
  expect(stored.disabledReason).toBeUndefined();
});

test.each([
  { status: 'active' },
  { status: 'paused' },
  { description: 'new' },
  { config: { timeout_ms: 500 } },
])('%j changes nothing about its failures', async (change) => {
  await run('PATCH', change);
  expect(ended).toEqual([]);
  expect(stored.hints).toEqual({ slow: true, failing: true });
});

test('a deleted endpoint leaves no failures to one that is given its id', async () => {
  await run('DELETE');
  expect(ended).toEqual(['ep_1']);
});

test.each([
  ['{"filter": {"__proto__": {"$eq": 1}}}', 'filter.__proto__'],
  ['{"filter": {"data": {"a": {"$nope": 1}}}}', 'filter.data.a.$nope'],
  ['{"filter": []}', 'filter'],
  ['{"config": {"headers": {"__proto__": {}}}}', 'config.headers.__proto__'],
  ['{"config": {"headers": []}}', 'config.headers'],
  ['{"__proto__": {}}', '__proto__'],
])('%s is refused: a condition or header that is not understood is not left out', async (body, path) => {
  await expect(run('PATCH', JSON.parse(body))).rejects.toMatchObject({ errors: [{ path }] });
});

test.each<[change: object, waits: number]>([
  [{ status: 'paused' }, 1],
  [{ config: { url: 'https://example.com/other' } }, 1],
  [{ auth: { type: 'bearer', token: 'new' } }, 1],
  [{ event_types: ['a'] }, 1],
  [{ description: 'for people' }, 0],
  [{}, 0],
])('a change of %j is answered once it counts for what is sent: %i waits', async (change, expected) => {
  await run('PATCH', change);
  expect(waits).toBe(expected);
});

test('so is another secret', async () => {
  await run('POST', { overlap_seconds: 0 }, '/v1/orgs/{org}/endpoints/{endpoint}/rotate-secret');
  expect(waits).toBe(1);
});
