import { CfnOutput, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { CfnStage, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnRoute, HttpApi, HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { DeliveryQueues } from '../constructs/delivery-queues.ts';
import { FanoutFunction } from '../constructs/fanout-function.ts';
import { deliverySettings, sourceDirectory } from '../settings-environment.ts';
import type { FanoutSecrets } from './data.ts';
import type { FanoutStackProps } from './fanout-stack.ts';
import type { NetworkStack } from './network.ts';
import type { PublishStack } from './publish.ts';

export interface ApiStackProps extends FanoutStackProps {
  readonly config: TableV2;
  readonly events: TableV2;
  readonly secrets: FanoutSecrets;
  readonly queues: DeliveryQueues;
  readonly publishing: PublishStack;
  readonly network: NetworkStack | undefined;
}

/** Routes that tell how the API and the streams are used. */
const documentRoutes = ['GET /openapi.json', 'GET /asyncapi.json'];

/** Routes anyone may call. */
export const openRoutes = ['GET /healthz', ...documentRoutes];

/** Routes that write to orgs' topics: functions that reach the Kafka cluster answer them. */
const publishRoutes = [
  'POST /v1/orgs/{org}/notifications',
  'POST /v1/orgs/{org}/ledger-events',
  'POST /v1/orgs/{org}/runs',
];
const priceRoutes = ['POST /v1/orgs/{org}/prices'];

/** Routes that need a key; roles and orgs are checked in the functions. */
export const keyedRoutes = [
  'POST /v1/orgs',
  'GET /v1/orgs',
  'GET /v1/orgs/{org}',
  'PATCH /v1/orgs/{org}',
  'DELETE /v1/orgs/{org}',
  'POST /v1/keys',
  'GET /v1/keys',
  'DELETE /v1/keys/{key}',
  'POST /v1/orgs/{org}/keys',
  'GET /v1/orgs/{org}/keys',
  'DELETE /v1/orgs/{org}/keys/{key}',
  'POST /v1/orgs/{org}/endpoints',
  'GET /v1/orgs/{org}/endpoints',
  'GET /v1/orgs/{org}/endpoints/{endpoint}',
  'PATCH /v1/orgs/{org}/endpoints/{endpoint}',
  'DELETE /v1/orgs/{org}/endpoints/{endpoint}',
  'POST /v1/orgs/{org}/endpoints/{endpoint}/rotate-secret',
  'POST /v1/orgs/{org}/endpoints/{endpoint}/test',
  'POST /v1/orgs/{org}/events',
  'GET /v1/orgs/{org}/events',
  'GET /v1/events',
  'GET /v1/events/{event}',
  'POST /v1/events/{event}/replay',
  'GET /v1/orgs/{org}/deliveries',
  'POST /v1/deliveries/{delivery}/retry',
  'POST /v1/orgs/{org}/replays',
  'GET /v1/orgs/{org}/replays',
  'GET /v1/orgs/{org}/replays/{replay}',
  'DELETE /v1/orgs/{org}/replays/{replay}',
  'POST /v1/orgs/{org}/replays/{replay}/resume',
  'PUT /v1/orgs/{org}/stream',
  'GET /v1/orgs/{org}/stream',
  'DELETE /v1/orgs/{org}/stream',
  'POST /v1/orgs/{org}/stream/rotate',
  'PUT /v1/orgs/{org}/topic-mapping',
  'GET /v1/orgs/{org}/topic-mapping',
  ...publishRoutes,
  ...priceRoutes,
  'PUT /v1/orgs/{org}/nodes/{node}',
  'GET /v1/orgs/{org}/nodes/{node}',
  'DELETE /v1/orgs/{org}/nodes/{node}',
  'GET /v1/workflows/runs/{run}',
  'PATCH /v1/workflows/runs/{run}/nodes/{nodeRun}',
  'PATCH /v1/workflows/nodes/runs/{nodeRun}',
  'GET /v1/quarantine',
  'GET /v1/quarantine/{id}',
  'POST /v1/quarantine/{id}/redrive',
  'GET /v1/sources',
  'GET /v1/sources/{source}',
  'PUT /v1/sources/{source}',
  'POST /v1/sources/{source}/dry-run',
  'POST /v1/sources/{source}/skip',
];

/** The HTTP API: a key is checked by the authorizer, everything else by the functions that answer. */
export class ApiStack extends Stack {
  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, props);
    const { settings, functions, config, events, secrets, queues, publishing, network } = props;

    const authorize = new FanoutFunction(this, 'Authorize', {
      functions,
      stage: settings.name,
      code: 'authorize',
      description: 'Checks API keys',
      timeout: Duration.seconds(10),
      memoryMiB: 512,
    })
      .useTable(config, 'CONFIG_TABLE', ['GetItem'])
      .readSecret(secrets.operatorKey, 'OPERATOR_KEY_SECRET');
    const handle = new FanoutFunction(this, 'Handle', {
      functions,
      stage: settings.name,
      code: 'api',
      description: 'Answers the HTTP API',
      timeout: Duration.seconds(29),
      memoryMiB: 1024,
      environment: {
        ...deliverySettings(settings),
        ...sourceDirectory(settings),
        IDEMPOTENCY_WINDOW_HOURS: String(settings.idempotencyWindowHours),
      },
    })
      .useTable(config, 'CONFIG_TABLE', [
        'GetItem',
        'Query',
        'Query:by_kind',
        'Query:by_org',
        'PutItem',
        'DeleteItem',
        'ConditionCheckItem',
      ])
      .useTable(events, 'EVENTS_TABLE', [
        'BatchGetItem',
        'BatchWriteItem',
        'DeleteItem',
        'GetItem',
        'PartiQLInsert',
        'PutItem',
        'Query',
        'Query:listing',
        'Query:overview',
        'UpdateItem',
      ])
      .readSecret(secrets.eventIdKey, 'EVENT_ID_KEY_SECRET')
      .readSecret(secrets.sealKey, 'SEAL_KEY_SECRET');
    const describe = new FanoutFunction(this, 'Describe', {
      functions,
      stage: settings.name,
      code: 'describe',
      description: "Answers the API's documents",
      timeout: Duration.seconds(10),
      memoryMiB: 256,
    });
    queues.letDeliver(handle);
    queues.letReplay(handle);
    queues.letProvision(handle);
    // It sends the tests of endpoints.
    network?.leadOut(handle);

    const api = new HttpApi(this, 'HttpApi', {
      apiName: `fanout-${settings.name}`,
      defaultAuthorizer: new HttpLambdaAuthorizer('KeyAuthorizer', authorize.function, {
        responseTypes: [HttpLambdaResponseType.SIMPLE],
        identitySource: ['$request.header.Authorization'],
        // A revoked key works on for this long at most.
        resultsCacheTtl: Duration.minutes(1),
      }),
    });
    const integrationOf = (id: string, answering: FanoutFunction) =>
      new HttpLambdaIntegration(`${id}Integration`, answering.function, {
        // One permission for the API: one for each route would outgrow a function's policy of 20 KB.
        scopePermissionToRoute: false,
      });
    const integration = integrationOf('Handle', handle);
    const publish = integrationOf('Publish', publishing.publish);
    const prices = integrationOf('PublishPrices', publishing.publishPrices);
    const documents = integrationOf('Describe', describe);
    const integrations = new Map([
      ...documentRoutes.map((route) => [route, documents] as const),
      ...publishRoutes.map((route) => [route, publish] as const),
      ...priceRoutes.map((route) => [route, prices] as const),
    ]);
    const addRoute = (routeKey: string, open: boolean) => {
      const [method, path] = routeKey.split(' ') as [HttpMethod, string];
      const routes = api.addRoutes({
        methods: [method],
        path,
        integration: integrations.get(routeKey) ?? integration,
        ...(open && { authorizer: new HttpNoneAuthorizer() }),
      });
      if (!open) return;
      for (const route of routes)
        Validations.of(route).acknowledge({
          id: 'AwsSolutions-APIG4',
          reason:
            'Whether the API is healthy, and how it is used, may be asked without a key: the same for everybody',
        });
    };
    for (const route of openRoutes) addRoute(route, true);
    for (const route of keyedRoutes) addRoute(route, false);
    this.#logAccess(api);
    limitCalls(api, settings);
    new CfnOutput(this, 'ApiUrl', { value: api.apiEndpoint });
  }

  /** One line for each request. No path, for that has names of orgs' things, and no header. */
  #logAccess(api: HttpApi): void {
    const logGroup = new LogGroup(this, 'AccessLogs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const fields = [
      'requestId',
      'routeKey',
      'status',
      'error.message',
      'authorizer.error',
      'responseLatency',
    ];
    const stage = api.defaultStage!.node.defaultChild as CfnStage;
    stage.accessLogSettings = {
      destinationArn: logGroup.logGroupArn,
      format: JSON.stringify(Object.fromEntries(fields.map((field) => [field, `$context.${field}`]))),
    };
  }
}

/** What anyone may call is a page that is looked at, not a load: of each route, so much a second, and at once. */
const openLimit = { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 50 };

/** Whoever calls without a key takes environments of functions that ingest needs too: only so many. */
function limitCalls(api: HttpApi, { apiLimit }: FanoutStackProps['settings']): void {
  const stage = api.defaultStage!.node.defaultChild as CfnStage;
  stage.defaultRouteSettings = {
    throttlingRateLimit: apiLimit.callsPerSecond,
    throttlingBurstLimit: apiLimit.burst,
  };
  stage.routeSettings = Object.fromEntries(openRoutes.map((route) => [route, openLimit] as const));
  // A stage must not speak of routes that are not there yet.
  const routes = api.node.findAll().filter((construct) => construct instanceof CfnRoute);
  for (const route of routes) stage.addResourceDependency(route);
}
