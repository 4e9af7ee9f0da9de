import { beforeAll, describe, expect, test } from 'vitest';
import { ledgerExample, streamingExample } from '../../documented-events.ts';
import { problem } from '../api/api-client.ts';
import type { FanoutClient } from '../fanout-client.ts';
import type { Running } from './provisioning.ts';
import { type Problem, ledgerEvent, publishClient, readStream } from '../publish-client.ts';
import { type StreamBody, streamClient } from '../stream-client.ts';

const event = (id: string, rest: object = {}) => ({
  id,
  created_at: '2024-01-15T10:30:00Z',
  type: 'PRICE.UPDATED',
  ...rest,
});

/** What publishers send to streams. */
export function publishingSuite(running: () => Running): void {
  describe('publishing', () => {
    let client: FanoutClient;
    let streams: ReturnType<typeof streamClient>;
    let publish: ReturnType<typeof publishClient>['publish'];
    let countIn: ReturnType<typeof publishClient>['countIn'];

    beforeAll(() => {
      ({ client } = running());
      streams = streamClient(client);
      ({ publish, countIn } = publishClient(running().fanout));
    });

    test('the example of event streaming is read back as it was sent, alone and in a bundle, by the org itself', async () => {
      const { org, stream, credentials } = await streams.create();
      const expected = {
        key: '83d83ec2-d2ca-49ff-bbea-b92b5c3be202',
        value: streamingExample,
        headers: {
          'event-id': 'fbecea50-2f35-4969-96af-342271da9eca',
          'event-type': 'USER.CREATED',
          'content-type': 'application/json',
        },
      };
      for (const name of ['notifications', 'prices']) {
        const topic = `${org}.${name}`;
        expect(await publish(`${org}/${name}`, streamingExample)).toMatchObject({
          status: 202,
          body: { topic, records: [{ id: expected.headers['event-id'], partition: 0, offset: '0' }] },
        });
        const bundle = `{"payload": [ ${streamingExample} ]}`;
        expect((await publish(`${org}/${name}`, bundle)).body.records).toMatchObject([{ offset: '1' }]);
        expect(await readStream(stream, credentials, topic, 2)).toEqual([expected, expected]);
      }
    });

    test("the ledger's example is read back as it was sent, and each type from the topic that the mapping has for it", async () => {
      const { org, credentials } = await streams.create();
      const path = `/v1/orgs/${org}/topic-mapping`;
      expect((await client.call('GET', path)).body).toMatchObject({
        mapping: '*:ledger',
        topics: { COMMITTED_TRANSACTIONS: `${org}.ledger` },
      });
      await publish(`${org}/ledger-events`, ledgerExample);
      const mapping = 'COMMITTED_TRANSACTIONS:default, *:rest';
      expect(await client.call('PUT', path, { mapping })).toMatchObject({
        status: 200,
        body: {
          mapping: 'COMMITTED_TRANSACTIONS:default *:rest',
          topics: { COMMITTED_TRANSACTIONS: `${org}.default`, SAVED_METADATA: `${org}.rest` },
        },
      });
      const bundle = `[${ledgerExample},${ledgerEvent('l1', 1)},${ledgerExample}]`;
      await expect
        .poll(async () => (await publish(`${org}/ledger-events`, ledgerExample)).body.topic, {
          timeout: 10_000,
        })
        .toBe(`${org}.default`);
      const { status, body } = await publish(`${org}/ledger-events`, bundle, 'a');
      expect([status, body.records.map(({ topic }) => topic)]).toEqual([
        202,
        [`${org}.default`, `${org}.rest`, `${org}.default`],
      ]);
      expect(await publish(`${org}/ledger-events`, bundle, 'a')).toMatchObject({ body });
      const stream = await streams.ready(org);
      expect(stream.topics).toMatchObject({ default: `${org}.default`, rest: `${org}.rest` });
      const [first] = await readStream(stream, credentials, `${org}.ledger`, 1);
      const [, second, third] = await readStream(stream, credentials, `${org}.default`, 3);
      const [rest] = await readStream(stream, credentials, `${org}.rest`, 1);
      for (const stored of [first, second, third]) {
        expect(stored).toMatchObject({ key: 'example-ledger-1', value: ledgerExample });
        expect(stored!.headers).toMatchObject({
          'event-id': expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/) as string,
          'event-type': 'COMMITTED_TRANSACTIONS',
          'content-type': 'application/json',
        });
      }
      expect(rest).toMatchObject({
        key: 'l1',
        value: ledgerEvent('l1', 1),
        headers: { 'event-id': body.records[1]!.id },
      });
    });

    test('two ledgers may give the same key to events of theirs', async () => {
      const { org, stream, credentials } = await streams.create();
      const keyed = (ledger: string) => {
        const payload = { ledger, targetType: 'ACCOUNT', targetId: 'a', metadata: {} };
        const date = '2026-11-21T14:00:00Z';
        return { date, type: 'SAVED_METADATA', version: 'v2', idempotency_key: 'import-1', payload };
      };
      const sent = JSON.stringify([keyed('eu'), keyed('us')]);
      const { body } = await publish(`${org}/ledger-events`, sent);
      const ids = ['eu:import-1', 'us:import-1'];
      expect(body.records.map(({ id }) => id)).toEqual(ids);
      const read = await readStream(stream, credentials, `${org}.ledger`, 2);
      expect(read.map(({ headers }) => headers['event-id'])).toEqual(ids);
    });

    test('a mapping may come before the stream, and a wrong one is refused naming the entry', async () => {
      const org = await client.createOrg();
      const path = `/v1/orgs/${org}/topic-mapping`;
      const wrong = await client.call<Problem>('PUT', path, { mapping: 'SAVED_METADATA:ok *:a.b' });
      expect(wrong).toMatchObject({ status: 400, ...problem('invalid_request') });
      expect(wrong.body.errors).toMatchObject([{ path: 'mapping[1]' }]);
      expect(await client.call('PUT', path, { mapping: { '*': 'early' } })).toMatchObject({ status: 200 });
      expect(await publish(`${org}/ledger-events`, ledgerExample)).toMatchObject({
        status: 409,
        ...problem('conflict'),
      });
      const { body } = await client.call<StreamBody>('PUT', streams.path(org));
      const stream = await streams.ready(org);
      expect(await publish(`${org}/ledger-events`, ledgerExample)).toMatchObject({
        body: { topic: `${org}.early` },
      });
      expect(await readStream(stream, body, `${org}.early`, 1)).toMatchObject([{ value: ledgerExample }]);
    });

    test('an org without a stream is told to ask for one', async () => {
      const org = await client.createOrg();
      const { status, body } = await publish(`${org}/notifications`, streamingExample);
      expect([status, body.detail]).toEqual([
        409,
        `The org has no stream: PUT /v1/orgs/${org}/stream makes one.`,
      ]);
      expect((await publish('nobody/notifications', streamingExample)).status).toBe(404);
    });

    test('a bundle of 500 is one record each, in order of each key; one wrong event in it, and none is published', async () => {
      const { org, stream, credentials } = await streams.create();
      const payload = Array.from({ length: 500 }, (_, n) =>
        event(`e${n}`, { object: { id: `key-${n % 7}` } }),
      );
      const wrong = payload.map((one, n) => (n === 321 ? { ...one, created_at: 'yesterday' } : one));
      const refused = await publish(`${org}/prices`, JSON.stringify({ payload: wrong }));
      expect(refused).toMatchObject({ status: 400, ...problem('invalid_request') });
      expect(refused.body.errors).toMatchObject([{ path: 'payload[321].created_at' }]);
      expect(await countIn(`${org}.prices`)).toBe(0);

      const { body } = await publish(`${org}/prices`, JSON.stringify({ payload }));
      expect(body.records.map(({ id }) => id)).toEqual(payload.map(({ id }) => id));
      const stored = await readStream(stream, credentials, `${org}.prices`, 500);
      expect(stored.map(({ value }) => value)).toEqual(payload.map((one) => JSON.stringify(one)));
      expect(await countIn(`${org}.prices`)).toBe(500);
    });

    test('a call is made once for each Idempotency-Key, also when eight copies arrive at once', async () => {
      const { org } = await streams.create();
      const topic = `${org}.notifications`;
      const text = JSON.stringify({ payload: [event('twice'), event('twice'), event('once')] });
      const copies = await Promise.all(
        Array.from({ length: 8 }, () => publish(`${org}/notifications`, text, 'key')),
      );
      const answers = copies.filter(({ status }) => status === 202);
      expect(copies.filter(({ status }) => status === 409).length).toBe(8 - answers.length);
      for (const { body } of [...answers, await publish(`${org}/notifications`, text, 'key')]) {
        expect(body).toEqual(answers[0]!.body);
      }
      expect(answers[0]!.body.records.map(({ id }) => id)).toEqual(['twice', 'once']);
      expect(await countIn(topic)).toBe(2);
      const other = await publish(`${org}/notifications`, streamingExample, 'key');
      expect(other).toMatchObject({ status: 422, ...problem('idempotency_key_reused') });
      const elsewhere = await publish(`${org}/prices`, text, 'key');
      expect(elsewhere).toMatchObject({ status: 422, ...problem('idempotency_key_reused') });
      const first = await publish(`${org}/prices`, text, 'price');
      expect(await publish(`${org}/prices`, text, 'price')).toEqual({ ...first, status: 202 });
      expect(await countIn(`${org}.prices`)).toBe(2);
    });

    test('events of each ledger stay in order under 50 calls at once, those of one ledger made in turn', async () => {
      const { org, stream, credentials } = await streams.create({ partitions: 3 });
      const ledgers = Array.from({ length: 50 }, (_, number) => `ledger-${number}`);
      const turns = 3;
      await Promise.all(
        ledgers.map(async (ledger) => {
          for (let turn = 0; turn < turns; turn++) {
            const text = `[${ledgerEvent(ledger, 2 * turn)}, ${ledgerEvent(ledger, 2 * turn + 1)}]`;
            const { status } = await publish(`${org}/ledger-events`, text, `${ledger}-${turn}`);
            expect(status).toBe(202);
          }
        }),
      );
      const count = ledgers.length * turns * 2;
      const stored = await readStream(stream, credentials, `${org}.ledger`, count);
      const byLedger = Map.groupBy(stored, ({ key }) => key);
      for (const ledger of ledgers) {
        const inOrder = Array.from({ length: turns * 2 }, (_, n) => ledgerEvent(ledger, n));
        expect(byLedger.get(ledger)!.map(({ value }) => value)).toEqual(inOrder);
      }
      expect(await countIn(`${org}.ledger`)).toBe(count);
    }, 120_000);

    test('whoever only reads may not publish, nor change the mapping', async () => {
      const { org } = await streams.create();
      const keyOf = async (role: string) =>
        (await client.call<{ key: string }>('POST', `/v1/orgs/${org}/keys`, { name: role, role })).body.key;
      const [tenant, publisher] = [await keyOf('tenant'), await keyOf('publisher')];
      const mapping = { mapping: '*:ledger' };
      const as = async (key: string) => [
        (await client.call('POST', `/v1/orgs/${org}/notifications`, streamingExample, key)).status,
        (await client.call('POST', `/v1/orgs/${org}/prices`, streamingExample, key)).status,
        (await client.call('POST', `/v1/orgs/${org}/ledger-events`, ledgerExample, key)).status,
        (await client.call('PUT', `/v1/orgs/${org}/topic-mapping`, mapping, key)).status,
        (await client.call('GET', `/v1/orgs/${org}/topic-mapping`, undefined, key)).status,
      ];
      expect(await as(tenant)).toEqual([403, 403, 403, 403, 200]);
      expect(await as(publisher)).toEqual([202, 202, 202, 200, 200]);
    });
  });
}
