import { SQSClient } from '@aws-sdk/client-sqs';
import { boundedRequests } from './bounded-requests.ts';

/** A client for queues that gives up on a queue that does not answer. */
export function createSqsClient(): SQSClient {
  return new SQSClient(boundedRequests);
}
