import {
  type Connection,
  type MessageRecord,
  ResponseError,
  produceV7,
  protocolErrorsCodesById,
} from '@platformatic/kafka';
import { within } from './kafka-connections.ts';
import { brokerErrorClass, isStale, kafkaErrorClass } from './kafka-errors.ts';
import type { Entry, Outcome } from './kafka-lane.ts';

type ProduceResponse = ReturnType<typeof produceV7.parseResponse>;

const allInSyncReplicas = -1;

/**
 * Sends messages to the broker that leads their partitions, in one request, and settles each: as acknowledged only when
 * the broker says that all in-sync replicas of its partition have it. A broker takes or refuses all messages of a partition;
 * where they are too many for the topic's `max.message.bytes`, which counts them together, they go again in halves, until
 * only one that is too large by itself is left. What follows one that may be tried again is not sent before it.
 *
 * The producer is not an idempotent one: brokers before 2.8 want another right for that (IdempotentWrite on the
 * cluster), and who reads the topic tells repeats by their `event-id` anyway.
 * @param isReused whether the connection has carried a request before: the other side may have closed it since
 */
export async function produce(
  connection: Connection,
  topic: string,
  batch: readonly Entry[],
  isReused: boolean,
): Promise<void> {
  const entries = batch.filter(({ turn }) => !turn.isOver);
  if (entries.length === 0) return;
  const timeoutMs = Math.max(...entries.map(({ turn }) => turn.remainingMs));
  let response: ProduceResponse;
  try {
    response = await within(connection, timeoutMs, () => {
      const records = entries.map((entry) => recordOf(topic, entry));
      // Only a request that wants no acknowledgement is answered with a boolean.
      return produceV7.api.async(
        connection,
        allInSyncReplicas,
        timeoutMs,
        records,
        {},
      ) as Promise<ProduceResponse>;
    });
  } catch (thrown) {
    if (!(thrown instanceof ResponseError)) {
      const error = kafkaErrorClass(thrown);
      for (const { settle } of entries) settle({ error, isStale: isReused && error === 'reset' });
      return;
    }
    response = thrown.response as ProduceResponse;
  }
  const answers = new Map(
    response.responses
      .filter(({ name }) => name === topic)
      .flatMap(({ partitionResponses }) => partitionResponses)
      .map((answer) => [answer.index, answer]),
  );
  for (const [partition, group] of Map.groupBy(entries, (entry) => entry.partition)) {
    const answer = answers.get(partition);
    if (answer?.errorCode === 0) {
      group.forEach(({ settle }, at) =>
        settle({ acknowledged: { partition, offset: String(answer.baseOffset + BigInt(at)) } }),
      );
      continue;
    }
    const name = (answer && protocolErrorsCodesById[answer.errorCode]) ?? 'UNKNOWN_SERVER_ERROR';
    const error = brokerErrorClass(name);
    if (error === 'too_large' && group.length > 1) {
      await produceInHalves(connection, topic, group, isReused);
    } else {
      for (const { settle } of group) settle({ error, isStale: isStale(name) });
    }
  }
}

/** Records of one partition, whose order is to hold: the second half waits for the first. */
async function produceInHalves(
  connection: Connection,
  topic: string,
  group: readonly Entry[],
  isReused: boolean,
): Promise<void> {
  const half = Math.ceil(group.length / 2);
  let failure: Outcome | undefined;
  const first = group.slice(0, half).map((entry) => ({
    ...entry,
    settle(outcome: Outcome) {
      if ('error' in outcome && outcome.error !== 'too_large') failure ??= outcome;
      entry.settle(outcome);
    },
  }));
  await produce(connection, topic, first, isReused);
  const second = group.slice(half);
  if (failure) for (const { settle } of second) settle(failure);
  else await produce(connection, topic, second, isReused);
}

function recordOf(topic: string, { message, partition }: Entry): MessageRecord {
  const { key, value, headers } = message;
  return {
    topic,
    partition,
    key: Buffer.from(key),
    value: Buffer.from(value),
    headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
  };
}
