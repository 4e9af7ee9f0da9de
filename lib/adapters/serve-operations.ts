import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda';
import { type Caller, type Operations, checkCaller, checkInput, checkPath } from '../app/api/operation.ts';
import { notFound } from '../app/api/problem.ts';
import { answerInTime } from './answer-in-time.ts';
import { answerProblems } from './answer-problems.ts';
import { answer, readRequest } from './http-request.ts';

type ApiEvent = APIGatewayProxyEventV2WithLambdaAuthorizer<Caller | undefined>;

/** A handler of API Gateway's events: it answers the routes of these operations, errors too. */
export function serveOperations(operations: Operations) {
  const run = async (event: ApiEvent): Promise<APIGatewayProxyStructuredResultV2> => {
    const operation = operations[event.routeKey];
    if (!operation) throw notFound('operation', event.routeKey);
    const request = readRequest(event);
    checkCaller(operation, request.caller, request.path);
    checkPath(request.path);
    if (!operation.body) return answer(await operation.run({ ...request, body: undefined, text: '' }));
    const { text, json } = request.readBody(operation.emptyBody);
    return answer(await operation.run({ ...request, body: checkInput(operation.body, json), text }));
  };
  return middy<ApiEvent, APIGatewayProxyStructuredResultV2>()
    .use(answerProblems())
    .handler((event) => answerInTime(run(event)));
}
