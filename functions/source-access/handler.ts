import type { Context } from 'aws-lambda';
import { environment } from '../../lib/adapters/environment.ts';
import { createSourceReaders } from '../../lib/adapters/kafka-acls.ts';
import { createOperator } from '../../lib/adapters/kafka-operator.ts';
import { createMskAccess } from '../../lib/adapters/msk-brokers.ts';
import type { MskCluster } from '../../lib/core/stream-cluster-settings.ts';
import { answerReaderRequest, type ReaderRequest } from './answer-reader-request.ts';

const cluster = JSON.parse(environment('CLUSTER')) as MskCluster;
const readers = createSourceReaders(createOperator(createMskAccess(cluster)));

/** A custom resource of CloudFormation, which has none for Kafka's ACLs: what the user of a source may read. */
export async function handler(request: ReaderRequest, context: Context): Promise<void> {
  await answerReaderRequest(readers, request, context.getRemainingTimeInMillis());
}
