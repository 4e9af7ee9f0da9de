import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda';
import { answerProblems } from '../../lib/adapters/answer-problems.ts';
import { answer, readRequest } from '../../lib/adapters/http-request.ts';
import { type Caller, checkInput, checkCaller, checkPath } from '../../lib/app/api/operation.ts';
import { notFound } from '../../lib/app/api/problem.ts';
import { operations } from './operations.ts';

type ApiEvent = APIGatewayProxyEventV2WithLambdaAuthorizer<Caller | undefined>;

async function run(event: ApiEvent): Promise<APIGatewayProxyStructuredResultV2> {
  const operation = operations[event.routeKey];
  if (!operation) throw notFound('operation', event.routeKey);
  const request = readRequest(event);
  checkCaller(operation, request.caller, request.path);
  checkPath(request.path);
  if (!operation.body) return answer(await operation.run({ ...request, body: undefined, text: '' }));
  const { text, json } = request.readBody();
  return answer(await operation.run({ ...request, body: checkInput(operation.body, json), text }));
}

/** Answers every route of the API. */
export const handler = middy<ApiEvent, APIGatewayProxyStructuredResultV2>()
  .use(answerProblems())
  .handler(run);
