import { describe, expect, it } from 'vitest';
import { useEngine } from './engine-for-tests.ts';
import { patience, until } from './kafka-trial.ts';
import { createQueueTrial } from './sqs-trial.ts';

const engines = useEngine('sqs');
const options = { timeout: patience.timeout * 2 };
const nothingLeft = { waiting: 0, hidden: 0 };

describe('the event', options, () => {
  it('has the documented shape', async () => {
    const trial = await createQueueTrial(engines());
    await trial.send([
      {
        MessageBody: 'grüße',
        MessageGroupId: 'endpoint-1',
        MessageAttributes: {
          text: { DataType: 'String', StringValue: 'a' },
          count: { DataType: 'Number', StringValue: '7' },
          bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255]) },
        },
      },
    ]);

    const poller = await trial.poll(() => undefined);

    await until(() => expect(poller.invocations).toHaveLength(1));
    const lists = { stringListValues: [], binaryListValues: [] };
    const text = expect.any(String) as string;
    expect(poller.invocations[0]?.[0]).toEqual({
      messageId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      receiptHandle: text,
      body: 'grüße',
      attributes: expect.objectContaining({
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.stringMatching(/^\d{13}$/) as string,
        SenderId: text,
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/) as string,
        MessageGroupId: 'endpoint-1',
      }) as Record<string, string>,
      messageAttributes: {
        text: { stringValue: 'a', dataType: 'String', ...lists },
        count: { stringValue: '7', dataType: 'Number', ...lists },
        bytes: { binaryValue: 'AP8=', dataType: 'Binary', ...lists },
      },
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      eventSource: 'aws:sqs',
      eventSourceARN: trial.arn,
      awsRegion: trial.arn.split(':')[3],
    });
  });
});

describe('batches', options, () => {
  it('hold at most as many messages as they may, and are deleted when done', async () => {
    const trial = await createQueueTrial(engines());
    await trial.sendNumbered(25);

    const poller = await trial.poll(() => undefined, { batchSize: 4 });

    await until(async () => expect(await trial.counts()).toEqual(nothingLeft));
    expect(new Set(poller.bodies()).size).toBe(25);
    expect(Math.max(...poller.invocations.map((records) => records.length))).toBe(4);
  });

  it('of more than ten are gathered within their window', async () => {
    const trial = await createQueueTrial(engines());
    await trial.sendNumbered(30);

    const poller = await trial.poll(() => undefined, {
      batchSize: 30,
      windowSeconds: 2,
      maximumConcurrency: 1,
    });

    await until(async () => expect(await trial.counts()).toEqual(nothingLeft));
    expect(poller.invocations.map((records) => records.length)).toEqual([30]);
  });

  it('that are not full go when their window is over', async () => {
    const trial = await createQueueTrial(engines());
    await trial.sendNumbered(12);

    const poller = await trial.poll(() => undefined, {
      batchSize: 30,
      windowSeconds: 1,
      maximumConcurrency: 1,
    });

    await until(() => expect(poller.invocations.map((records) => records.length)).toEqual([12]));
  });

  it('run side by side up to the limit, and no message is taken that cannot be invoked', async () => {
    const trial = await createQueueTrial(engines());
    await trial.sendNumbered(8);
    const finish = Promise.withResolvers<void>();
    let inFlight = 0;
    let most = 0;

    await trial.poll(
      async () => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await finish.promise;
        inFlight -= 1;
      },
      { batchSize: 1, maximumConcurrency: 3 },
    );
    await until(async () => expect([await trial.counts(), inFlight]).toEqual([{ waiting: 5, hidden: 3 }, 3]));
    finish.resolve();

    await until(async () => expect(await trial.counts()).toEqual(nothingLeft));
    expect(most).toBe(3);
  });
});

describe('failures', options, () => {
  it('that a function reports are left to their visibility time-out, the others are deleted', async () => {
    const trial = await createQueueTrial(engines());
    await trial.sendNumbered(6);

    const poller = await trial.poll((records) => ({
      batchItemFailures: records
        .filter(({ body }) => Number(body) % 3 === 0)
        .map((r) => ({ itemIdentifier: r.messageId })),
    }));

    await until(async () => expect(await trial.counts()).toEqual({ waiting: 0, hidden: 2 }));
    expect(poller.bodies().sort()).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  it.each([
    ['the function throws', () => Promise.reject(new Error('broken'))],
    ['it names an unknown message', () => ({ batchItemFailures: [{ itemIdentifier: 'unknown' }] })],
    ['it names nothing', () => ({ batchItemFailures: [{ itemIdentifier: '' }] })],
  ])('of the whole batch: nothing is deleted when %s, and that is said once', async (_, work) => {
    const trial = await createQueueTrial(engines());
    await trial.sendNumbered(3);

    const poller = await trial.poll(work, { batchSize: 1 });

    await until(() => expect(poller.invocations).toHaveLength(3));
    await poller.stop();
    expect(await trial.counts()).toEqual({ waiting: 0, hidden: 3 });
    expect(poller.said).toHaveLength(1);
  });

  it('are ignored in the answer when the mapping does not report them', async () => {
    const trial = await createQueueTrial(engines());
    await trial.sendNumbered(2);
    const all = (records: { messageId: string }[]) => ({
      batchItemFailures: records.map(({ messageId }) => ({ itemIdentifier: messageId })),
    });

    const poller = await trial.poll(all, { reportBatchItemFailures: false });

    await until(() => expect(poller.bodies()).toHaveLength(2));
    await until(async () => expect(await trial.counts()).toEqual(nothingLeft));
  });

  it('that go on come to the dead-letter queue', async () => {
    const trial = await createQueueTrial(engines(), { visibilitySeconds: 1, maxReceiveCount: 3 });
    await trial.send([{ MessageBody: 'poison' }, { MessageBody: 'good' }]);

    const poller = await trial.poll((records) => ({
      batchItemFailures: records
        .filter(({ body }) => body === 'poison')
        .map((r) => ({ itemIdentifier: r.messageId })),
    }));

    await until(async () => expect(await trial.deadBodies()).toEqual(['poison']));
    const poisons = poller.invocations.flat().filter(({ body }) => body === 'poison');
    expect(poisons.map(({ attributes }) => attributes['ApproximateReceiveCount'])).toEqual(['1', '2', '3']);
  });
});

describe('stopping', options, () => {
  it('lets invocations in flight finish and deletes their messages, without waiting for new ones', async () => {
    const trial = await createQueueTrial(engines());
    await trial.sendNumbered(1);
    const called = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const poller = await trial.poll(async () => (called.resolve(), finish.promise));
    await called.promise;

    const stopped = poller.stop();
    finish.resolve();
    await stopped;

    expect(await trial.counts()).toEqual(nothingLeft);
  });
});

describe('a poller that stopped', options, () => {
  it('leaves nothing hidden that comes afterwards', async () => {
    const trial = await createQueueTrial(engines());
    await trial.sendNumbered(100);
    const first = await trial.poll(() => undefined);
    await until(() => expect(first.bodies()).toHaveLength(100));
    await first.stop();

    await trial.sendNumbered(5);

    expect(await trial.counts()).toEqual({ waiting: 5, hidden: 0 });
  });
});
