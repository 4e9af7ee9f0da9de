import type { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Problem } from '../app/api/problem.ts';
import { errorFields, log, metrics } from './log.ts';

type ServiceException = Pick<DynamoDBServiceException, 'name' | '$metadata'>;

/**
 * Answers errors as problem+json. What was not foreseen is logged, and tells the caller nothing but that it failed; so is what
 * has caused a problem.
 */
export function answerProblems<Event extends { routeKey: string; rawPath: string }>(): MiddlewareObj<
  Event,
  APIGatewayProxyStructuredResultV2
> {
  return {
    onError(request) {
      const { error, event } = request;
      const problem = error instanceof Problem ? error : unforeseen(error);
      const cause = problem === error ? problem.cause : error;
      if (cause !== undefined)
        log('ERROR', 'request failed', { route: event.routeKey, path: event.rawPath, ...errorFields(cause) });
      // The one dimension that says which function it was, as AWS's own metrics do.
      const FunctionName = process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? '';
      if (problem.status >= 500) metrics({ ServerErrors: 1 }, { FunctionName });
      request.response = {
        statusCode: problem.status,
        headers: {
          'content-type': 'application/problem+json',
          ...(problem.retryAfterSeconds !== undefined && {
            'retry-after': String(problem.retryAfterSeconds),
          }),
        },
        body: JSON.stringify(problem),
      };
    },
  };
}

/** What the SDK's errors are called where AWS has too much to do; a store that fails answers 5xx. */
const busy = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  // A try that was given up goes on there.
  'TransactionInProgressException',
]);
const lostConnection = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

function unforeseen(error: unknown): Problem {
  const { name = '', code = '', $metadata } = error as Partial<ServiceException & NodeJS.ErrnoException>;
  const isStoreFailing = ($metadata?.httpStatusCode ?? 0) >= 500 || busy.has(name) || name === 'TimeoutError';
  const isOutage = isStoreFailing || lostConnection.has(code);
  return new Problem(isOutage ? 'unavailable' : 'internal', 'Try again; if it goes on, tell your operator.');
}
