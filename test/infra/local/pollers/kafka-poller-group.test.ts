import { describe, expect, it } from 'vitest';
import { useEngine } from './engine-for-tests.ts';
import { createTrial, expectNothingPassedOver, patience, until } from './kafka-trial.ts';

const engines = useEngine('kafka');
const options = { timeout: patience.timeout * 2 };

describe('where a poller starts', options, () => {
  it('is the group’s commit, which the one before has left behind', async () => {
    const trial = await createTrial(engines());
    await trial.produce(5);
    const first = await trial.poll(() => undefined);
    await until(() => expect(first.invocations.flatMap(({ offsets }) => offsets)).toEqual([0, 1, 2, 3, 4]));
    await first.stop();
    await trial.produce(2);

    const second = await trial.poll(() => undefined);

    await until(() => expect(second.invocations.flatMap(({ offsets }) => offsets)).toEqual([5, 6]));
  });

  it('is the end of the topic for LATEST, and stays there until a record comes', async () => {
    const trial = await createTrial(engines(), 2);
    await trial.produce(3, 0);

    const poller = await trial.poll(() => undefined, { startingPosition: 'LATEST' });

    expect(await trial.commits()).toEqual([3, 0]);
    await trial.produce(2, 0);
    await trial.produce(1, 1);
    await until(async () => expect(await trial.commits()).toEqual([5, 1]));
    expect(
      poller.invocations.filter(({ partition }) => partition === 0).flatMap(({ offsets }) => offsets),
    ).toEqual([3, 4]);
  });

  it('is the beginning of a topic that was not there yet', async () => {
    const trial = await createTrial(engines(), 0);
    const starting = trial.poll(() => undefined);
    await trial.createTopic(1);
    await trial.produce(2);

    const poller = await starting;

    await until(() => expect(poller.invocations.flatMap(({ offsets }) => offsets)).toEqual([0, 1]));
  });
});

describe('stopping', options, () => {
  it('lets an invocation in flight finish, commits it, and starts no other', async () => {
    const trial = await createTrial(engines());
    await trial.produce(4);
    const called = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const poller = await trial.poll(async () => (called.resolve(), finish.promise), { batchSize: 2 });
    await called.promise;

    const stopped = poller.stop();
    finish.resolve();
    await stopped;

    expect(poller.invocations.map(({ offsets }) => offsets)).toEqual([[0, 1]]);
    expect(await trial.commits()).toEqual([2]);
  });

  it('does not wait for a function that keeps failing', async () => {
    const trial = await createTrial(engines());
    await trial.produce(1);
    const poller = await trial.poll(() => Promise.reject(new Error('broken')));
    await until(() => expect(poller.invocations.length).toBeGreaterThan(1));

    await poller.stop();

    expect(await trial.commits()).toEqual([-1]);
  });
});

describe('a group that is rearranged', options, () => {
  it('passes over nothing while pollers come and go', async () => {
    const trial = await createTrial(engines(), 4);
    const produceEverywhere = async () => {
      for (const partition of [0, 1, 2, 3]) await trial.produce(50, partition);
    };
    const work = () => new Promise((resolve) => setTimeout(resolve, 5));
    const first = await trial.poll(work, { batchSize: 7 });
    await produceEverywhere();
    const second = await trial.poll(work, { batchSize: 7 });
    await produceEverywhere();
    await until(() => expect(second.invocations.length).toBeGreaterThan(0));
    await first.stop();
    await produceEverywhere();

    await until(async () => expect(await trial.commits()).toEqual([150, 150, 150, 150]));

    const came = new Set(
      [...first.invocations, ...second.invocations].flatMap(({ partition, offsets }) =>
        offsets.map((offset) => `${partition}:${offset}`),
      ),
    );
    expect(came.size).toBe(600);
  });

  it('does not get commits for a partition that was given away meanwhile', async () => {
    const trial = await createTrial(engines(), 2);
    await trial.produce(1, 0);
    await trial.produce(1, 1);
    const finish = Promise.withResolvers<void>();
    const first = await trial.poll(() => finish.promise);
    await until(() => expect(first.invocations).toHaveLength(2));

    const failing = () => Promise.reject(new Error('broken'));
    const second = await trial.poll(failing);
    await until(() => expect(second.invocations.length).toBeGreaterThan(0));
    const given = second.invocations[0]?.partition ?? -1;
    finish.resolve();

    await until(async () => expect((await trial.commits())[1 - given]).toBe(1));
    const tries = second.invocations.length;
    await until(() => expect(second.invocations.length).toBeGreaterThan(tries));
    expect((await trial.commits())[given]).toBe(-1);
  });

  it('takes in partitions that are added to the topic', async () => {
    const trial = await createTrial(engines(), 1);
    const poller = await trial.poll(() => undefined);
    await trial.produce(1, 0);

    await trial.addPartitions(3);
    await trial.produce(2, 2);

    await until(async () => expect(await trial.commits()).toEqual([1, -1, 2]));
    expectNothingPassedOver(poller.invocations, [1, 0, 2]);
  });
});
