import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';

/** A client of a function that is killed at its nth write: before that is sent, or before its answer comes. */
export function dyingClient(deadline: { writes: number; isSent: boolean }): DynamoDBClient {
  const client = createDynamoDbClient();
  let writes = 0;
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (request) => {
        const isWrite = /^(Put|Update|Delete|Transact)/.test(commandName!);
        if (isWrite) writes++;
        const isLast = writes === deadline.writes;
        if (writes > deadline.writes || (isLast && !deadline.isSent)) throw new Error('killed');
        const answer = await next(request);
        if (isLast && isWrite) {
          writes++;
          throw new Error('killed');
        }
        return answer;
      },
    { step: 'initialize' },
  );
  return client;
}
