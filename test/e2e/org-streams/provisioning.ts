import { type Admin, Kafka, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLedTopic, kafkaClientOptions } from '../../../infra/local/engines/kafka-client.ts';
import type { Fanout } from '../../../infra/local/fanout-local.ts';
import { mapAtOnce } from '../../../lib/core/map-at-once.ts';
import { problem } from '../api/api-client.ts';
import type { FanoutClient } from '../fanout-client.ts';
import {
  type Credentials,
  clientOf,
  parseKcat,
  reasonOf,
  streamClient,
  type StreamBody,
  whyRefused,
} from '../stream-client.ts';

/** What kafkajs makes of SASL_AUTHENTICATION_FAILED. */
const badPassword = 'Authentication failed during authentication due to invalid credentials';

/** Whichever a consumer asks for next: its group's coordinator, or records. */
const noLongerAllowed = /(GROUP|TOPIC)_AUTHORIZATION_FAILED/;

/** Calls of the API. */
const callsAtOnce = 4;
const isReady = ({ status }: StreamBody) => status === 'ready';

/** A running Fanout, and what its users do with it. */
export interface Running {
  readonly fanout: Fanout;
  readonly client: FanoutClient;
  /** What its functions have written. */
  readonly log: string[];
}

/** Streams from `PUT` to `DELETE`, and who may read them. */
export function provisioningSuite(running: () => Running): void {
  describe('streams', () => {
    let fanout: Fanout;
    let client: FanoutClient;
    let streams: ReturnType<typeof streamClient>;
    let admin: Admin;
    let producer: Producer;
    let log: string[];

    beforeAll(async () => {
      ({ fanout, client, log } = running());
      streams = streamClient(client);
      const kafka = new Kafka(kafkaClientOptions(fanout.engines.kafka));
      [admin, producer] = [kafka.admin(), kafka.producer()];
      await Promise.all([admin.connect(), producer.connect()]);
    });
    afterAll(async () => {
      await Promise.all([admin?.disconnect(), producer?.disconnect()]);
    });

    const send = (topic: string, value: string) => producer.send({ topic, messages: [{ value }] });

    test('a stream is provisioned, and a plain client reads with what was answered', async () => {
      const org = await client.createOrg();
      const put = await client.call<StreamBody>('PUT', streams.path(org), { partitions: 2 });
      expect(put).toMatchObject({ status: 202, body: { status: 'provisioning', partitions: 2 } });
      const stream = await streams.ready(org);
      expect(stream).toMatchObject({
        bootstrap_servers: fanout.engines.kafka.bootstrapServers,
        security_protocol: 'SASL_PLAINTEXT',
        sasl_mechanism: 'SCRAM-SHA-512',
        username: put.body.username,
        password: `…${put.body.password.slice(-4)}`,
        group_prefix: `${org}.`,
        topics: {
          runs: `${org}.runs`,
          ledger: `${org}.ledger`,
          notifications: `${org}.notifications`,
          prices: `${org}.prices`,
        },
      });
      const { topics } = await admin.fetchTopicMetadata({ topics: Object.values(stream.topics) });
      expect(topics.map(({ partitions }) => partitions.length)).toEqual([2, 2, 2, 2]);

      const { list, consume } = stream.commands;
      expect(parseKcat(list).flags).toHaveProperty('-L');
      expect(parseKcat(consume['notifications']!).flags).toMatchObject({
        '-C': true,
        '-t': `${org}.notifications`,
        '-o': 'beginning',
      });
      const lister = clientOf(list, { password: put.body.password }).admin();
      await lister.connect();
      expect((await lister.listTopics()).sort()).toEqual(Object.values(stream.topics).sort());
      await lister.disconnect();
      await send(`${org}.notifications`, '{}');
      const reader = clientOf(consume['notifications']!, { password: put.body.password });
      expect(await whyRefused(reader, `${org}.notifications`, `${org}.app`)).toBeUndefined();
    });

    test('a foreign topic, a wrong group, other credentials and writing are refused by the broker', async () => {
      const [mine, other] = [await streams.create(), await streams.create()];
      const kafkaAs = (credentials: { username: string; password: string }) =>
        clientOf(mine.stream.commands.list, credentials);
      const [topic, group] = [`${mine.org}.runs`, `${mine.org}.app`];
      await send(topic, '{}');
      const me = kafkaAs(mine.credentials);
      expect(await whyRefused(me, topic, group)).toBeUndefined();
      expect(await whyRefused(me, `${other.org}.runs`, group)).toContain('TOPIC_AUTHORIZATION_FAILED');
      expect(await whyRefused(me, fanout.ingestTopic, group)).toContain('TOPIC_AUTHORIZATION_FAILED');
      expect(await whyRefused(me, topic, 'app')).toContain('Failed to find group coordinator');
      expect(await whyRefused(me, topic, `${mine.org}app`)).toContain('Failed to find group coordinator');
      expect(await whyRefused(kafkaAs(other.credentials), topic, `${other.org}.app`)).toContain(
        'TOPIC_AUTHORIZATION_FAILED',
      );
      // A user of the same name with another password, as another stage might have.
      const elsewhere = { ...mine.credentials, password: other.credentials.password };
      expect(await whyRefused(kafkaAs(elsewhere), topic, group)).toContain(badPassword);
      const writer = me.producer();
      await writer.connect();
      const refusal = await writer.send({ topic, messages: [{ value: '{}' }] }).catch(reasonOf);
      expect(refusal).toContain('TOPIC_AUTHORIZATION_FAILED');
      await writer.disconnect();
    });

    test('a rotation lets both users in for its overlap, then the new one alone', async () => {
      const { org, stream, credentials } = await streams.create();
      const topic = `${org}.runs`;
      await send(topic, '{}');
      // Each in a group of its own: one that has read the record would wait for another.
      let groups = 0;
      const readAs = (who: typeof credentials) =>
        whyRefused(clientOf(stream.commands.list, who), topic, `${org}.${groups++}`);

      const next = await streams.rotate(org, 5);
      expect(next.username).not.toBe(credentials.username);
      const rotated = await streams.ready(org);
      expect(rotated).toMatchObject({ username: next.username, former: { username: credentials.username } });
      const overlaps = Date.parse(rotated.former!.valid_until) - Date.now();
      expect(overlaps).toBeGreaterThan(2000);
      expect(await readAs(next)).toBeUndefined();
      expect(await readAs(credentials)).toBeUndefined();

      await expect.poll(async () => (await streams.get(org)).former, { timeout: 30_000 }).toBeUndefined();
      expect(await readAs(credentials)).toContain(badPassword);
      expect(await readAs(next)).toBeUndefined();

      const third = await streams.rotate(org, 0);
      expect([credentials.username, next.username]).not.toContain(third.username);
      await expect.poll(() => readAs(next), { timeout: 30_000 }).toContain(badPassword);
      expect(await readAs(third)).toBeUndefined();
    }, 90_000);

    /** A consumer that is connected, and the promise of why it is refused. */
    const connect = async (org: string, stream: StreamBody, credentials: Credentials) => {
      const consumer = clientOf(stream.commands.list, credentials).consumer({ groupId: `${org}.app` });
      const refused = new Promise<string>((resolve) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => resolve(reasonOf(payload.error)));
      });
      await consumer.connect();
      await consumer.subscribe({ topic: `${org}.prices` });
      const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
      await consumer.run({ eachMessage: async () => {} });
      await joined;
      return { consumer, refused };
    };

    test('a consumer that is connected as a former user is refused at its next fetch by another rotation', async () => {
      const { org, stream, credentials } = await streams.create();
      const { consumer, refused } = await connect(org, stream, credentials);
      await streams.rotate(org, 3600);
      await streams.ready(org);
      await streams.rotate(org, 3600);
      expect(await refused).toMatch(noLongerAllowed);
      await consumer.disconnect();
    });

    test('a connected consumer is refused at its next fetch once its stream is removed; nothing is left over', async () => {
      const { org, stream, credentials } = await streams.create();
      const { consumer, refused } = await connect(org, stream, credentials);

      const removed = await client.call('DELETE', streams.path(org));
      expect(removed).toMatchObject({ status: 202, body: { status: 'deleting' } });
      expect(await refused).toMatch(noLongerAllowed);
      await consumer.disconnect();
      await streams.gone(org);
      expect((await admin.listTopics()).filter((topic) => topic.startsWith(`${org}.`))).toEqual([]);
      expect(await client.call('DELETE', streams.path(org))).toMatchObject({
        status: 404,
        ...problem('not_found'),
      });

      const again = await client.call<StreamBody>('PUT', streams.path(org));
      expect(again.body.password).not.toBe(credentials.password);
      await streams.ready(org);
      expect(
        await whyRefused(clientOf(stream.commands.list, credentials), `${org}.prices`, `${org}.app`),
      ).toContain(badPassword);
    }, 90_000);

    test("a topic that is somebody else's is neither read nor written nor removed, though it is named like the org's", async () => {
      const org = await client.createOrg();
      const topic = `${org}.prices`;
      await createLedTopic(admin, { topic });
      await send(topic, 'theirs');
      await client.call('PUT', streams.path(org));
      await expect.poll(async () => (await streams.get(org)).status, { timeout: 30_000 }).toBe('failed');
      const { error } = await streams.get(org);
      expect(error).toMatchObject({
        class: 'topic_taken',
        message: expect.stringContaining(topic) as string,
      });
      const price = { id: 'price-1', created_at: '2024-01-15T10:30:00Z', type: 'PRICE.UPDATED' };
      const refused = await client.call<{ detail: string }>('POST', `/v1/orgs/${org}/prices`, price);
      expect(refused).toMatchObject({ status: 409, ...problem('conflict') });
      expect(refused.body.detail).toContain(topic);
      expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ offset: '1' }]);

      await client.call('DELETE', streams.path(org));
      await streams.gone(org);
      const left = async () => (await admin.listTopics()).filter((name) => name.startsWith(`${org}.`));
      await expect.poll(left).toEqual([topic]);
      expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ offset: '1' }]);
    });

    test('who may do what, and what is refused', async () => {
      const { org, stream } = await streams.create();
      const keys = await Promise.all(
        ['tenant', 'publisher'].map(async (role) => {
          const body = { name: role, role };
          return (await client.call<{ key: string }>('POST', `/v1/orgs/${org}/keys`, body)).body.key;
        }),
      );
      const [tenant, publisher] = keys as [string, string];
      const path = streams.path(org);
      const { password, ...shown } = stream;
      expect((await client.call('GET', path, undefined, publisher)).body).toMatchObject(shown);
      for (const method of ['PUT', 'DELETE'])
        expect(await client.call(method, path, undefined, publisher)).toMatchObject({ status: 403 });

      const other = await client.call('PUT', path, { partitions: 2 }, tenant);
      expect(other).toMatchObject({ status: 409, body: { errors: [{ path: 'partitions' }] } });
      expect(await client.call('PUT', path, { partitions: 0 })).toMatchObject({ status: 400 });
      const greedy = await client.call('PUT', streams.path(await client.createOrg()), { partitions: 26 });
      const message =
        'makes 4 topics of 26 partitions; an org has 100 partitions at most, of which 0 are used';
      expect(greedy).toMatchObject({ status: 409, body: { errors: [{ path: 'partitions', message }] } });
      expect(await client.call('PUT', streams.path('nobody'))).toMatchObject({ status: 404 });
      expect(await client.call('GET', streams.path('nobody'))).toMatchObject({ status: 404 });
      // Its mapping could name the topic that is ingested.
      expect(fanout.ingestTopic).toMatch(/^fanout\./);
      await client.call('POST', '/v1/orgs', { id: 'fanout', name: 'Fanout' });
      expect(await client.call('PUT', streams.path('fanout'))).toMatchObject({ status: 409 });
      const mapping = { mapping: `*:${fanout.ingestTopic.slice('fanout.'.length)}` };
      expect(await client.call('PUT', '/v1/orgs/fanout/topic-mapping', mapping)).toMatchObject({
        status: 409,
      });
      const rotation = { overlap_seconds: -1 };
      expect(await client.call('POST', `${path}/rotate`, rotation, tenant)).toMatchObject({ status: 400 });
      expect(await client.call('DELETE', `/v1/orgs/${org}`)).toMatchObject({ status: 409 });
      const mended = await client.call<StreamBody>('PUT', path, undefined, tenant);
      expect(mended).toMatchObject({ status: 202, body: { username: stream.username, password } });
    });

    test('100 orgs are provisioned in one pass each', async () => {
      const numbers = Array.from({ length: 100 }, (_, number) => number);
      // Few at once: each call more costs an environment of the API's function, which is not what this is about.
      const orgs = await mapAtOnce(numbers, callsAtOnce, () => client.createOrg());
      log.length = 0;
      await mapAtOnce(orgs, callsAtOnce, (org) => client.call('PUT', streams.path(org)));
      const passes = () =>
        log.flatMap((line) => {
          const [, org = ''] = /"message":"provisioned","org":"([^"]+)"/.exec(line) ?? [];
          return orgs.includes(org) ? [line] : [];
        });
      await expect.poll(() => passes().length, { timeout: 120_000 }).toBeGreaterThanOrEqual(orgs.length);
      expect(passes().filter((line) => line.includes('"state":"ready"'))).toHaveLength(orgs.length);
      const found = await mapAtOnce(orgs, callsAtOnce, (org) => streams.get(org));
      expect(found.filter(isReady)).toHaveLength(orgs.length);
      expect(log.filter((line) => line.includes('provisioning failed'))).toEqual([]);
    }, 150_000);
  });
}
