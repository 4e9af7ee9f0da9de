import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { type Entry, type Outcome, messageBytes } from '../../lib/adapters/kafka-lane.ts';
import { connectTo } from '../../lib/adapters/kafka-operator.ts';
import { produce } from '../../lib/adapters/kafka-produce.ts';
import { createTurn } from '../../lib/adapters/kafka-turn.ts';
import { operatorOf } from '../contracts/cluster-contents.ts';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';
import { listenBefore } from './kafka-impostors.ts';
import { createTopic, readTopic } from './kafka-topics.ts';

const engines = useEngine('kafka');

/** As Kafka's protocol numbers them, in an answer. */
const notLeader = '\x00\x06';
const no = '\x00\x00';

test('the second half of what is too much at once is not written before the first', async () => {
  const topic = await createTopic(engines().kafka, { config: { 'max.message.bytes': '700000' } });
  // A broker takes the first half, and says that it leads the partition no more.
  const taken = `${topic}\x00\x00\x00\x01\x00\x00\x00\x00`;
  let answers = 0;
  const server = await listenBefore(engines().kafka, (answer) =>
    answer.includes(taken + no) && answers++ === 0 ? answer.replace(taken + no, taken + notLeader) : answer,
  );
  const connection = await connectTo(operatorOf(engines().kafka), server);
  const endByMs = Date.now() + 20_000;
  const turn = createTurn(20_000, { beginByMs: endByMs, endByMs }, Date.now, () => {});
  turn.begin();
  onTestFinished(() => {
    turn.end({});
    connection.socket.destroy();
  });
  const outcomes: Outcome[] = [];
  const batch = [0, 1, 2, 3].map((at): Entry => {
    const message = { key: 'k', value: `${at}${randomBytes(180_000).toString('base64')}`, headers: {} };
    const settle = (outcome: Outcome) => void (outcomes[at] = outcome);
    return { message, partition: 0, turn, bytes: messageBytes(message), settle };
  });
  await produce(connection, topic, batch, false);
  const failed = { error: 'connection', isStale: true };
  expect(outcomes).toEqual([failed, failed, failed, failed]);
  expect((await readTopic(engines().kafka, topic)).map(({ value }) => value![0])).toEqual(['0', '1']);
});
