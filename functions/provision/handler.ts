import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createJobWatch } from '../../lib/adapters/dynamodb-job-watch.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { errorFields, log, metrics } from '../../lib/adapters/log.ts';
import { readSecret } from '../../lib/adapters/secrets.ts';
import { createSqsClient } from '../../lib/adapters/sqs-client.ts';
import { createJobQueue } from '../../lib/adapters/sqs-jobs.ts';
import { receiveAgainSoon } from '../../lib/adapters/sqs-messages.ts';
import { openStreamCluster } from '../../lib/adapters/stream-cluster.ts';
import { createStreamDocuments } from '../../lib/adapters/stream-documents.ts';
import { createTopicMappingReader, createTopicMappings } from '../../lib/adapters/topic-mappings.ts';
import { type ProvisionDependencies, provisionStream } from '../../lib/app/provision-stream.ts';

const dynamodb = createDynamoDbClient();
const sqs = createSqsClient();
const configTable = environment('CONFIG_TABLE');
const queueUrl = environment('STREAM_QUEUE');

const dependencies: ProvisionDependencies = {
  streams: createStreamDocuments(dynamodb, configTable, await readSecret(environment('SEAL_KEY_SECRET'))),
  watch: createJobWatch(
    dynamodb,
    environment('EVENTS_TABLE'),
    'STREAM',
    Number(environment('RETENTION_DAYS')),
  ),
  queue: createJobQueue(sqs, queueUrl),
  cluster: await openStreamCluster(environment('STREAM_CLUSTER')),
  // As they are now: what is provisioned because of a mapping comes right after it.
  mappings: createTopicMappingReader(createTopicMappings(dynamodb, configTable)),
  now: Date.now,
};

/** Goes on with the stream of the org that the message names; one message an invocation. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const [message] = Records;
  const org = message!.body;
  try {
    const outcome = (await provisionStream(dependencies, org)) ?? { state: 'at rest', isClusterFull: false };
    if (outcome.isClusterFull) metrics({ ClusterShortages: 1 });
    log('INFO', 'provisioned', { org, ...outcome });
    return { batchItemFailures: [] };
  } catch (error) {
    metrics({ ProvisioningFailures: 1 });
    log('ERROR', 'provisioning failed', { org, ...errorFields(error) });
    await receiveAgainSoon(sqs, queueUrl, Records);
    return { batchItemFailures: [{ itemIdentifier: message!.messageId }] };
  }
}
