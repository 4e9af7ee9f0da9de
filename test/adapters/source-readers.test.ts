import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  answerReaderRequest,
  type ReaderRequest,
} from '../../functions/source-access/answer-reader-request.ts';
import { createSourceReaders } from '../../lib/adapters/kafka-acls.ts';
import { createOperator, type Operator } from '../../lib/adapters/kafka-operator.ts';
import type { SourceReader, SourceReaders } from '../../lib/app/ports/source-readers.ts';
import { customResourceEvent } from '../aws-events.ts';
import { type ClusterView, operatorOf, viewCluster } from '../contracts/cluster-contents.ts';
import { startReceiver } from '../receiver.ts';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';

const engines = useEngine('kafka');
let view: ClusterView;

beforeAll(async () => {
  view = await viewCluster(engines().kafka);
});
afterAll(() => view?.stop());

const operator = () => createOperator(async () => operatorOf(engines().kafka));

const reader = (org: string, topic = 'orders', consumerGroup = 'g'): SourceReader => ({
  username: `${org}.user`,
  topic,
  consumerGroup,
});
const rights = (org: string, topic = 'orders', group = 'g') => [
  `${org}.user allow describe topic:${topic}`,
  `${org}.user allow read group:${group}`,
  `${org}.user allow read topic:${topic}`,
];
/** A broker shows a change a moment after it is made. */
const expectRights = (org: string, wanted: readonly string[]) =>
  expect.poll(async () => (await view.of(org)).acls).toEqual(wanted);

test('a reader is made, changed and removed, as often as it is asked for', async () => {
  const readers = createSourceReaders(operator());
  const twice = async (step: () => Promise<void>) => {
    await step();
    await step();
  };
  await twice(() => readers.letRead(reader('made')));
  await expectRights('made', rights('made'));
  await twice(() => readers.letRead(reader('made', 'invoices', 'other')));
  await expectRights('made', rights('made', 'invoices', 'other'));
  await twice(() => readers.letReadNothing('made.user'));
  await expectRights('made', []);
});

test('what CloudFormation asks for is what the user may read, and is told as done', async () => {
  const readers = createSourceReaders(operator());
  const cloudFormation = await startReceiver();
  onTestFinished(() => cloudFormation.stop());
  const ask = async (type: 'Create' | 'Update' | 'Delete', asked: SourceReader) => {
    const event = customResourceEvent(type, cloudFormation.url);
    const properties = { ...event.ResourceProperties, ...asked };
    const request = { ...event, PhysicalResourceId: asked.username, ResourceProperties: properties };
    await answerReaderRequest(readers, request as ReaderRequest, 60_000);
    const told: unknown = JSON.parse(cloudFormation.received.at(-1)!.body);
    expect(told).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: asked.username });
  };
  await ask('Create', reader('asked'));
  await expectRights('asked', rights('asked'));
  const other = reader('asked', 'invoices', 'other');
  await ask('Update', other);
  await expectRights('asked', rights('asked', 'invoices', 'other'));
  await ask('Delete', other);
  await expectRights('asked', []);
});

type Step = (readers: SourceReaders, org: string) => Promise<void>;
const create: Step = (readers, org) => readers.letRead(reader(org));
const update: Step = (readers, org) => readers.letRead(reader(org, 'invoices'));
const remove: Step = (readers, org) => readers.letReadNothing(`${org}.user`);

/** Fails at the n-th request to the cluster, before it is made or after it was. */
function failingAt(n: number, when: 'before' | 'after'): Operator {
  const operate = operator();
  let requests = 0;
  return (request) =>
    operate((connection) => {
      // The adapters make each request by this method of the connection.
      const send = connection.send.bind(connection);
      const broken = Object.create(connection) as typeof connection;
      broken.send = ((...args: Parameters<typeof send>) => {
        requests += 1;
        const callback = args.at(-1) as (error: Error) => void;
        const fail = () => callback(new Error('the connection is lost'));
        if (requests !== n) return send(...args);
        if (when === 'before') return fail();
        return send(...([...args.slice(0, -1), fail] as unknown as Parameters<typeof send>));
      }) as typeof send;
      return request(broken);
    });
}

const failures = [1, 2, 3].flatMap((n) => (['before', 'after'] as const).map((when) => [n, when] as const));

test.each(failures)(
  'a deploy that fails at request %i, %s it was made, is right when repeated or taken back',
  async (n, when) => {
    const good = createSourceReaders(operator());
    const org = `deploy${n}${when}`;
    let steps = 0;
    const fails = async (step: Step) => {
      const outcome = await step(createSourceReaders(failingAt(n, when)), org).then(
        () => 'done',
        () => 'failed',
      );
      // Changes show in their order: with this one shows what was made before.
      const later = `${org}step${++steps}`;
      await create(good, later);
      await expectRights(later, rights(later));
      return outcome === 'failed';
    };
    // A create that fails is taken back by a delete.
    expect(await fails(create)).toBe(n <= 2);
    await remove(good, org);
    await expectRights(org, []);

    await create(good, org);
    await expectRights(org, rights(org));
    // An update that fails is taken back by one with what was before.
    expect(await fails(update)).toBe(true);
    await create(good, org);
    await expectRights(org, rights(org));
    await update(good, org);
    await expectRights(org, rights(org, 'invoices'));

    expect(await fails(remove)).toBe(n === 1);
    await remove(good, org);
    await expectRights(org, []);
  },
);
