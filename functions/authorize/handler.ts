import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { environment } from '../../lib/adapters/environment.ts';
import { readSecret } from '../../lib/adapters/secrets.ts';
import type { Caller } from '../../lib/app/api/operation.ts';
import { authorize } from '../../lib/app/authorize.ts';
import type { ApiKey } from '../../lib/core/api-key.ts';
import { createFreshSecret } from './fresh-secret.ts';

const keys = createDocuments<ApiKey>(createDynamoDbClient(), environment('CONFIG_TABLE'), 'KEY');
const secret = environment('OPERATOR_KEY_SECRET');
const operatorKey = createFreshSecret(() => readSecret(secret), Date.now);
await operatorKey();

/** Tells API Gateway whether the key is valid, and the handlers whose it is. */
export async function handler(
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<Caller | Record<string, never>>> {
  const caller = await authorize(keys, await operatorKey(), event.headers?.['authorization'] ?? '');
  return { isAuthorized: caller !== undefined, context: caller ?? {} };
}
