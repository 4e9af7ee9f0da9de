import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDueDeliveries } from '../../lib/adapters/dynamodb-due.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { log } from '../../lib/adapters/log.ts';
import { createSqsClient } from '../../lib/adapters/sqs-client.ts';
import { createWakeUpQueue } from '../../lib/adapters/sqs-wake-ups.ts';
import { sweepDue } from '../../lib/app/sweep-due.ts';

const dependencies = {
  due: createDueDeliveries(createDynamoDbClient(), environment('EVENTS_TABLE')),
  wakeUps: createWakeUpQueue(createSqsClient(), environment('WAKE_UP_QUEUE')),
  now: Date.now,
};

/** Once a minute: wakes the deliveries that are due. */
export async function handler(): Promise<void> {
  log('INFO', 'swept', { woken: await sweepDue(dependencies) });
}
