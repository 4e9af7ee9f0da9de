import { describe, expect, it } from 'vitest';
import { useEngine } from './engine-for-tests.ts';
import type { Invocation } from './kafka-trial.ts';
import { createTrial, expectNothingPassedOver, patience, until } from './kafka-trial.ts';

const engines = useEngine('kafka');
const options = { timeout: patience.timeout * 2 };

describe('batches', options, () => {
  it('come in order, one in flight a partition, partitions side by side', async () => {
    const trial = await createTrial(engines(), 3);
    for (const partition of [0, 1, 2]) await trial.produce(50, partition);
    const inFlight = [0, 0, 0];
    const most = [0, 0, 0];
    let mostTogether = 0;
    const together = Promise.withResolvers<void>();

    const poller = await trial.poll(
      async ({ partition }) => {
        inFlight[partition] = (inFlight[partition] ?? 0) + 1;
        most[partition] = Math.max(most[partition] ?? 0, inFlight[partition]);
        mostTogether = Math.max(mostTogether, inFlight.filter((count) => count > 0).length);
        if (mostTogether === 3) together.resolve();
        await together.promise;
        inFlight[partition] -= 1;
      },
      { batchSize: 20 },
    );

    await until(async () => expect(await trial.commits()).toEqual([50, 50, 50]));
    expect(most).toEqual([1, 1, 1]);
    expectNothingPassedOver(poller.invocations, [50, 50, 50]);
    for (const { event, offsets } of poller.invocations) {
      expect(Object.keys(event.records)).toHaveLength(1);
      expect(offsets.length).toBeLessThanOrEqual(20);
    }
    expect(poller.invocations).toHaveLength(9);
  });

  it('go at once without a window, however small', async () => {
    const trial = await createTrial(engines());
    const poller = await trial.poll(() => undefined);

    await trial.produce(1);
    await until(() => expect(poller.invocations).toHaveLength(1));
    await trial.produce(2);

    await until(() => expect(poller.invocations.map(({ offsets }) => offsets)).toEqual([[0], [1, 2]]));
  });

  it('wait in their window until they are full', async () => {
    const trial = await createTrial(engines());
    const poller = await trial.poll(() => undefined, { batchSize: 4, windowSeconds: 300 });

    for (let call = 0; call < 3; call += 1) await trial.produce(3);

    await until(() => expect(poller.invocations).toHaveLength(2));
    expect(poller.invocations.map(({ offsets }) => offsets)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
  });

  it('go when their window is over, full or not', async () => {
    const trial = await createTrial(engines());
    const poller = await trial.poll(() => undefined, { batchSize: 4, windowSeconds: 0.3 });

    await trial.produce(3);

    await until(() => expect(poller.invocations.map(({ offsets }) => offsets)).toEqual([[0, 1, 2]]));
  });

  it('stay within 6 MB, and records larger than a fetch come through', async () => {
    const trial = await createTrial(engines());
    // Base64 makes 1.2 MB of it: five fit.
    const large = Array.from({ length: 12 }, () => ({ value: Buffer.alloc(900_000, 7) }));
    for (const message of large) await trial.produceMessages([message]);

    const poller = await trial.poll(() => undefined, { windowSeconds: 1 });

    await until(async () => expect(await trial.commits()).toEqual([12]));
    expectNothingPassedOver(poller.invocations, [12]);
    for (const { event } of poller.invocations)
      expect(JSON.stringify(event).length).toBeLessThan(6 * 1024 * 1024);
    expect(Math.max(...poller.invocations.map(({ offsets }) => offsets.length))).toBe(5);
  });

  it('may be larger than what is usually held of a partition', async () => {
    const trial = await createTrial(engines());
    for (let call = 0; call < 9; call += 1) await trial.produce(1_000);

    const poller = await trial.poll(() => undefined, { batchSize: 4_000, windowSeconds: 300 });

    await until(() =>
      expect(poller.invocations.map(({ offsets }) => offsets.length)).toEqual([4_000, 4_000]),
    );
  });
});

describe('the event', options, () => {
  it('has keys, values and headers as Lambda has them', async () => {
    const trial = await createTrial(engines());
    await trial.produceMessages([
      { key: Buffer.from([0, 255]), value: Buffer.from([1, 128, 254]), timestamp: '1700000000123' },
      { key: 'tombstone', value: null },
      {
        value: '',
        headers: {
          plain: 'A',
          twice: ['x', 'y'],
          binary: Buffer.from([0, 127, 128, 255]),
          constructor: 'c',
          empty: '',
        },
      },
    ]);

    const poller = await trial.poll(() => undefined);

    await until(() => expect(poller.invocations.flatMap(({ offsets }) => offsets)).toEqual([0, 1, 2]));
    const [event] = poller.invocations.map((invocation) => invocation.event);
    expect(event).toMatchObject({
      eventSource: 'SelfManagedKafka',
      bootstrapServers: engines().kafka.bootstrapServers,
    });
    expect(event).not.toHaveProperty('eventSourceArn');
    const headers: Record<string, number[]>[] = [
      { plain: [65] },
      { twice: [120] },
      { twice: [121] },
      { binary: [0, 127, -128, -1] },
      { constructor: [99] },
      { empty: [] },
    ];
    const base = { topic: trial.topic, partition: 0, timestampType: 'CREATE_TIME' };
    const timestamp = expect.any(Number) as number;
    expect(poller.invocations.flatMap(({ records }) => records)).toEqual([
      { ...base, offset: 0, timestamp: 1700000000123, key: 'AP8=', value: 'AYD+', headers: [] },
      { ...base, offset: 1, timestamp, key: Buffer.from('tombstone').toString('base64'), headers: [] },
      {
        ...base,
        offset: 2,
        timestamp,
        value: '',
        headers,
      },
    ]);
  });

  it('names the cluster when it is MSK', async () => {
    const trial = await createTrial(engines());
    await trial.produce(1);
    const eventSourceArn = 'arn:aws:kafka:us-east-1:000000000000:cluster/fanout/1';

    const poller = await trial.poll(() => undefined, { eventSourceArn });

    await until(() => expect(poller.invocations).toHaveLength(1));
    expect(poller.invocations[0]?.event).toMatchObject({ eventSource: 'aws:kafka', eventSourceArn });
    expect(Object.keys(poller.invocations[0]?.event.records ?? {})).toEqual([`${trial.topic}-0`]);
  });
});

describe('failures', options, () => {
  const failing = (partition: string, ...offsets: number[]) => ({
    batchItemFailures: offsets.map((offset) => ({ itemIdentifier: { partition, offset } })),
  });

  it('that a function reports: the lowest offset counts, what is before it is committed', async () => {
    const trial = await createTrial(engines());
    await trial.produce(10);
    const repaired = Promise.withResolvers<void>();

    const poller = await trial.poll(async ({ offsets }, number) => {
      if (number === 0) return failing(`${trial.topic}-0`, 7, 4, 8);
      await repaired.promise;
      return offsets.includes(4) ? { batchItemFailures: [] } : undefined;
    });

    await until(async () => expect(await trial.commits()).toEqual([4]));
    repaired.resolve();
    await until(async () => expect(await trial.commits()).toEqual([10]));
    expect(poller.invocations.map(({ offsets }) => offsets)).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      [4, 5, 6, 7, 8, 9],
    ]);
  });

  it('that say nothing usable repeat the whole batch, as it was', async () => {
    const trial = await createTrial(engines());
    await trial.produce(3);
    const answers = [
      { batchItemFailures: [{ itemIdentifier: `${trial.topic}-0-1` }] },
      failing('other-0', 1),
      failing(`${trial.topic}-0`, 99),
      { batchItemFailures: [{ itemIdentifier: null }] },
    ];

    const poller = await trial.poll(async (_, number) => {
      if (number === 0) await trial.produce(2);
      return answers[number];
    });

    await until(async () => expect(await trial.commits()).toEqual([5]));
    const offsets = poller.invocations.map((invocation) => invocation.offsets);
    expect(offsets.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => [0, 1, 2]));
    expect(offsets.slice(5).flat()).toEqual([3, 4]);
  });

  it('are ignored in the answer when the mapping does not report them', async () => {
    const trial = await createTrial(engines());
    await trial.produce(2);

    await trial.poll(() => failing(`${trial.topic}-0`, 0), { reportBatchItemFailures: false });

    await until(async () => expect(await trial.commits()).toEqual([2]));
  });

  it('of the function are tried again without end, said once, and so is their end', async () => {
    const trial = await createTrial(engines(), 2);
    await trial.produce(3, 0);
    await trial.produce(3, 1);
    let broken = true;

    const poller = await trial.poll(({ partition }) => {
      if (broken && partition === 0) throw new Error('table is frozen');
    });
    const ofPartition = (number: number) =>
      poller.invocations.filter(({ partition }) => partition === number);

    await until(() => expect(ofPartition(0).length).toBeGreaterThan(4));
    expect(await trial.commits()).toEqual([-1, 3]);
    broken = false;
    await until(async () => expect(await trial.commits()).toEqual([3, 3]));
    expect(ofPartition(0).every(({ offsets }: Invocation) => String(offsets) === '0,1,2')).toBe(true);
    expect(poller.said).toHaveLength(2);
    expect(poller.said[0]).toContain('table is frozen');
    expect(poller.said[1]).toContain('works again');
  });
});
