import { describe, expect, test } from 'vitest';
import { endpointSchemas } from '../../../lib/app/api/endpoint-schemas.ts';
import { kafkaEndpoints } from '../../../lib/app/api/kafka-endpoints.ts';
import { Problem } from '../../../lib/app/api/problem.ts';

const rules = {
  retentionDays: 30,
  compilePattern: () => () => true,
  hostRule: (host: string) => (host.startsWith('10.') ? 'is not public' : undefined),
  partitionKeys: {
    fault: (template: string) => (template.includes('[[') ? 'is no JMESPath' : undefined),
    keyOf: () => '',
  },
};
const kafka = kafkaEndpoints(endpointSchemas(rules), rules);
const at = '2026-11-21T14:00:00.000Z';
const laterMs = Date.parse(at) + 1_000;

/** The reference page's. */
const body = {
  type: 'kafka',
  event_types: ['orders'],
  config: {
    brokers: 'broker1.example.com:9092,broker2.example.com:9092',
    topic: 'events',
    sasl_mechanism: 'scram-sha-256',
    partition_key_template: 'data.customer_id',
  },
  credentials: { username: 'fanout', password: 'correct-horse-battery' },
};
const create = (given: object = body) => kafka.create(given, { orgId: 'acme', createdAt: at, updatedAt: at });
const change = (given: object, found = create()) => kafka.change(found, given, laterMs);

/** Where a body is wrong. */
function faultsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error.errors.map(({ path }) => path).sort();
    throw error;
  }
  return [];
}

test('an endpoint is shown as it was given, with TLS on, and without its password', () => {
  const shown = kafka.present(create(), laterMs);
  expect(shown).toEqual({
    config: { ...body.config, tls: true, timeout_ms: 10_000 },
    credentials: { username: 'fanout', password: '…tery' },
  });
});

describe('a body that is wrong is refused with all that is wrong with it', () => {
  test('where it makes an endpoint', () => {
    const wrong = {
      ...body,
      config: {
        brokers: 'broker1,10.0.0.1:9092',
        topic: '..',
        sasl_mechanism: 'oauthbearer',
        tls: 'yes',
        partition_key_template: 'data.[[',
        timeout_ms: 1,
      },
      credentials: { username: '', password: '…tery' },
    };
    expect(faultsOf(() => create(wrong))).toEqual([
      'config.brokers',
      'config.partition_key_template',
      'config.sasl_mechanism',
      'config.timeout_ms',
      'config.tls',
      'config.topic',
      'credentials.password',
      'credentials.username',
    ]);
    expect(faultsOf(() => create({ type: 'kafka' }))).toEqual(['config', 'credentials']);
  });

  test('where it changes one: what an answer shows of a password is none', () => {
    const wrong = { config: { brokers: '', acks: 1 }, credentials: { password: '…tery' }, auth: null };
    const paths = ['auth', 'config.acks', 'config.brokers', 'credentials.password'];
    expect(faultsOf(() => change(wrong))).toEqual(paths);
  });
});

describe('a change', () => {
  test('replaces the fields that it names, within config and credentials each by itself', () => {
    const found = create();
    const changed = change(
      { config: { topic: 'other', tls: 'false' }, credentials: { username: 'new' } },
      found,
    );
    expect(changed.kafka).toEqual({
      ...found.kafka,
      topic: 'other',
      tls: false,
      username: 'new',
      credentialsVersion: expect.any(String) as string,
    });
    expect(changed.kafka.credentialsVersion).not.toBe(found.kafka.credentialsVersion);
  });

  test('of the brokers alone leaves the credentials as they are, and makes another target', () => {
    const found = create();
    const changed = change({ config: { brokers: 'broker3.example.com:9092' } }, found);
    expect(changed.kafka).toEqual({ ...found.kafka, brokers: ['broker3.example.com:9092'] });
    expect(kafka.hasSameTarget(found, changed)).toBe(false);
  });

  test('to the same password is another version: it may have been changed at the cluster', () => {
    const found = create();
    const changed = change({ credentials: { password: body.credentials.password } }, found);
    expect(kafka.hasSameTarget(found, changed)).toBe(false);
  });

  test.each([null, '', ' '])('of the template to %j takes it away', (template) => {
    const changed = change({ config: { partition_key_template: template } });
    expect(changed.kafka).not.toHaveProperty('partitionKeyTemplate');
  });

  test('of what has nothing to do with the cluster leaves its connections as they are', () => {
    const found = create();
    const changed = change({ event_types: ['*'], config: { timeout_ms: 5_000 } }, found);
    expect(changed).toMatchObject({ eventTypes: ['*'], timeoutMs: 5_000 });
    expect(changed.kafka).toEqual(found.kafka);
  });
});
