import { describe, expect, it } from 'vitest';
import { freeze } from '../../../freeze.ts';
import { useEngine } from './engine-for-tests.ts';
import { until } from './kafka-trial.ts';
import { createQueueTrial } from './sqs-trial.ts';

const engines = useEngine('sqs');
const nothingLeft = { waiting: 0, hidden: 0 };

// Only a queue engine that runs as a process of ours can be frozen or killed.
describe('an engine', { timeout: 150_000 }, () => {
  const PATIENT = 70_000;

  it('that is frozen for longer than any time-out goes on when it is thawed', async ({ skip }) => {
    const engine =
      engines().processes.find(({ name }) => name === 'sqs') ?? skip('SQS is not a process of ours');
    const trial = await createQueueTrial(engines(), { visibilitySeconds: 2 });
    await trial.sendNumbered(1);
    const invoked = Promise.withResolvers<void>();
    const frozen = Promise.withResolvers<void>();
    const poller = await trial.poll(async () => (invoked.resolve(), frozen.promise));
    await invoked.promise;

    await freeze(engine.pid);
    try {
      frozen.resolve();
      await until(() => expect(poller.said).toHaveLength(1), PATIENT);
    } finally {
      process.kill(engine.pid, 'SIGCONT');
    }
    await until(() => expect(poller.said).toHaveLength(2), PATIENT);
    await trial.sendNumbered(20);

    await until(async () => expect(await trial.counts()).toEqual(nothingLeft), PATIENT);
    expect(new Set(poller.bodies()).size).toBe(20);
    expect(poller.said[0]).toContain('cannot be read');
    expect(poller.said[1]).toContain('can be read again');
  });

  it('that is gone does not hold up the stop of a poller', async ({ skip }) => {
    const engine =
      engines().processes.find(({ name }) => name === 'sqs') ?? skip('SQS is not a process of ours');
    const trial = await createQueueTrial(engines());
    const poller = await trial.poll(() => undefined);

    await engine.kill();
    await until(() => expect(poller.said).toHaveLength(1), PATIENT);

    await poller.stop();
    await engine.restart();
  });
});
