import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { boundedRequests } from './bounded-requests.ts';

/** A client for tables. It gives up on a table that does not answer, so that an invocation fails before its own time-out. */
export function createDynamoDbClient(): DynamoDBClient {
  return new DynamoDBClient(boundedRequests);
}
