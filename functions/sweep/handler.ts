import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDueDeliveries } from '../../lib/adapters/dynamodb-due.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { log } from '../../lib/adapters/log.ts';
import { createSqsClient } from '../../lib/adapters/sqs-client.ts';
import { createJobQueue } from '../../lib/adapters/sqs-jobs.ts';
import { createWakeUpQueue } from '../../lib/adapters/sqs-wake-ups.ts';
import { wakeUpQueueUrls } from '../../lib/adapters/wake-up-queues.ts';
import { sweepDue } from '../../lib/app/sweep-due.ts';

const sqs = createSqsClient();
const dependencies = {
  due: createDueDeliveries(createDynamoDbClient(), environment('EVENTS_TABLE')),
  wakeUps: createWakeUpQueue(sqs, wakeUpQueueUrls()),
  fanOutQueue: createJobQueue(sqs, environment('FAN_OUT_QUEUE')),
  replayQueue: createJobQueue(sqs, environment('REPLAY_QUEUE')),
  streamQueue: createJobQueue(sqs, environment('STREAM_QUEUE')),
  now: Date.now,
};

/** Once a minute: wakes the deliveries that are due, and fan-out jobs, replays and streams that stand still. */
export async function handler(): Promise<void> {
  log('INFO', 'swept', { woken: await sweepDue(dependencies) });
}
