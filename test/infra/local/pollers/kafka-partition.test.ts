import type { Batch } from 'kafkajs';
import { expect, it, vi } from 'vitest';
import { createOutage } from '../../../../infra/local/outage.ts';
import { KafkaPartition } from '../../../../infra/local/pollers/kafka-partition.ts';

/** What kafkajs hands over for a fetch from `from` that brought the offsets up to `to`. */
function fetched(from: number, to: number): Batch {
  const offsets = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const messages = offsets.map((offset) => ({
    offset: String(offset),
    key: null,
    value: null,
    timestamp: '0',
  }));
  return {
    fetchedOffset: String(from),
    messages,
    firstOffset: () => String(from),
    lastOffset: () => String(to),
  } as unknown as Batch;
}

function createPartition(after: Promise<void> = Promise.resolve()) {
  const invoked: number[][] = [];
  const answers: PromiseWithResolvers<unknown>[] = [];
  const partition = new KafkaPartition(0, after, {
    topic: 'records',
    batchSize: 100,
    windowMs: 0,
    reportBatchItemFailures: true,
    outage: createOutage(
      () => undefined,
      () => '',
      '',
    ),
    invoke(_, messages) {
      invoked.push(messages.map(({ offset }) => Number(offset)));
      const answer = Promise.withResolvers<unknown>();
      answers.push(answer);
      return answer.promise;
    },
    progressed: () => undefined,
    roomAgain: () => undefined,
  });
  const answer = async (number: number) => {
    answers[number]?.resolve(undefined);
    await vi.waitFor(() => expect(partition.toCommit).toBeDefined());
  };
  return { partition, invoked, answer };
}

// The group is rearranged, and the broker hands out once more what came after the last commit.
it('does not take records in twice', async () => {
  const { partition, invoked, answer } = createPartition();
  partition.hold(fetched(5, 7));
  await vi.waitFor(() => expect(invoked).toEqual([[5, 6, 7]]));

  partition.hold(fetched(5, 9));
  await answer(0);

  await vi.waitFor(() =>
    expect(invoked).toEqual([
      [5, 6, 7],
      [8, 9],
    ]),
  );
  expect(partition.toCommit).toBe(8);
});

// A fetch of another broker, sent before a rearrangement, moves kafkajs's position when it comes back.
it('asks for what lies between two fetches, once: it may be gone for good', () => {
  const { partition } = createPartition();
  partition.hold(fetched(0, 4));

  expect(partition.hold(fetched(8, 9))).toEqual({ kind: 'gap', from: 5 });
  expect(partition.hold(fetched(8, 9))).toEqual({ kind: 'held' });
  expect(partition.hold(fetched(20, 21))).toEqual({ kind: 'gap', from: 10 });
});

it('is full above 2,000 records', () => {
  const { partition } = createPartition();

  expect(partition.hold(fetched(0, 1_999))).toEqual({ kind: 'held' });
  expect(partition.hold(fetched(2_000, 2_000))).toEqual({ kind: 'full' });
});

it('notices that a topic has been made anew', () => {
  const { partition } = createPartition();
  partition.hold(fetched(0, 4));

  expect(partition.isOlderThan(5)).toBe(false);
  expect(partition.isOlderThan(3)).toBe(true);
});

it('commits nothing for an invocation that ends after the partition was lost', async () => {
  const { partition, invoked, answer } = createPartition();
  partition.hold(fetched(0, 4));
  await vi.waitFor(() => expect(invoked).toHaveLength(1));

  partition.lose();
  void answer(0).catch(() => undefined);
  await partition.inFlight;

  expect(partition.toCommit).toBeUndefined();
  expect(invoked).toHaveLength(1);
});

it('waits for the last invocation of an earlier assignment', async () => {
  const earlier = Promise.withResolvers<void>();
  const { partition, invoked } = createPartition(earlier.promise);
  partition.hold(fetched(0, 4));
  await Promise.resolve();
  expect(invoked).toEqual([]);

  earlier.resolve();

  await vi.waitFor(() => expect(invoked).toEqual([[0, 1, 2, 3, 4]]));
});
