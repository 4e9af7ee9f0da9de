import { describe, expect, it } from 'vitest';
import { freeze } from '../../../freeze.ts';
import { useEngine } from './engine-for-tests.ts';
import { createTrial, expectNothingPassedOver, until } from './kafka-trial.ts';

const engines = useEngine('kafka');
const afterAnOutage = 60_000;

// Only a broker that runs as a process of ours can be killed or frozen.
describe('a broker', { timeout: 2 * afterAnOutage }, () => {
  it('that is killed and comes back costs nothing but repetitions', async ({ skip }) => {
    const broker =
      engines().processes.find(({ name }) => name === 'kafka') ?? skip('Kafka is not a process of ours');
    const trial = await createTrial(engines(), 3);
    for (const partition of [0, 1, 2]) await trial.produce(300, partition);
    let holdAt = 3;
    const held = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const poller = await trial.poll(
      async (_, number) => {
        if (number < holdAt) return;
        held.resolve();
        await release.promise;
      },
      { batchSize: 20 },
    );
    await held.promise;

    await broker.kill();
    holdAt = Infinity;
    release.resolve();
    await until(() => expect(poller.said).toHaveLength(1), afterAnOutage);
    await broker.restart();
    for (const partition of [0, 1, 2]) await trial.produce(10, partition);

    await until(async () => expect(await trial.commits()).toEqual([310, 310, 310]), afterAnOutage);
    expectNothingPassedOver(poller.invocations, [310, 310, 310]);
    expect(poller.said).toHaveLength(2);
    expect(poller.said[0]).toContain('cannot be read');
    expect(poller.said[1]).toContain('can be read again');
  });

  it('that is frozen for longer than any time-out goes on when it is thawed', async ({ skip }) => {
    const broker =
      engines().processes.find(({ name }) => name === 'kafka') ?? skip('Kafka is not a process of ours');
    const trial = await createTrial(engines());
    await trial.produce(5);
    const poller = await trial.poll(() => undefined);
    await until(async () => expect(await trial.commits()).toEqual([5]));

    await freeze(broker.pid);
    try {
      await until(() => expect(poller.said).toHaveLength(1), afterAnOutage);
    } finally {
      process.kill(broker.pid, 'SIGCONT');
    }
    await trial.produce(5);

    await until(async () => expect(await trial.commits()).toEqual([10]), afterAnOutage);
    expectNothingPassedOver(poller.invocations, [10]);
  });

  it('that is away does not hold up the stop of a poller', async ({ skip }) => {
    const broker =
      engines().processes.find(({ name }) => name === 'kafka') ?? skip('Kafka is not a process of ours');
    const trial = await createTrial(engines());
    await trial.produce(1);
    const poller = await trial.poll(() => undefined);
    await until(() => expect(poller.invocations).toHaveLength(1));

    await freeze(broker.pid);
    try {
      await poller.stop();
    } finally {
      process.kill(broker.pid, 'SIGCONT');
    }
  });
});
