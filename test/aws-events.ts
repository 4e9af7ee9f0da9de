import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayRequestAuthorizerEventV2,
  MSKEvent,
  SelfManagedKafkaEvent,
  SQSEvent,
} from 'aws-lambda';
import type { Caller } from '../lib/app/api/operation.ts';

// Events as AWS documents them, with all their fields: code goes by these, not they by the code.

/** https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html#msk-sample-event */
export function mskEvent(topic: string, value: string): MSKEvent {
  return {
    eventSource: 'aws:kafka',
    eventSourceArn:
      'arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
    bootstrapServers:
      'b-2.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9092,b-1.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9092',
    records: { [`${topic}-0`]: [kafkaRecord(topic, value)] },
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html#smaa-sample-event */
export function selfManagedKafkaEvent(topic: string, value: string): SelfManagedKafkaEvent {
  return {
    eventSource: 'SelfManagedKafka',
    bootstrapServers:
      'b-2.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9092,b-1.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9092',
    records: { [`${topic}-0`]: [kafkaRecord(topic, value)] },
  };
}

function kafkaRecord(topic: string, value: string) {
  return {
    topic,
    partition: 0,
    offset: 15,
    timestamp: 1545084650987,
    timestampType: 'CREATE_TIME' as const,
    key: 'abcDEFghiJKLmnoPQRstuVWXyz1234==',
    value: Buffer.from(value).toString('base64'),
    headers: [{ headerKey: [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101] }],
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event */
export function sqsEvent(body: string): SQSEvent {
  return {
    Records: [
      {
        messageId: '059f36b4-87a3-44ab-83d2-661975830a7d',
        receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
        body,
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: '1545082649183',
          SenderId: 'AIDAIENQZJOLO23YVJ4VO',
          ApproximateFirstReceiveTimestamp: '1545082649185',
        },
        messageAttributes: {},
        md5OfBody: 'e4e68fb7bd0e697a0ae8f1bb342846b3',
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:us-east-2:123456789012:my-queue',
        awsRegion: 'us-east-2',
      },
    ],
  };
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
export const scheduledEvent = {
  version: '0',
  id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: '123456789012',
  time: '2015-10-08T16:53:06Z',
  region: 'us-east-1',
  resources: ['arn:aws:events:us-east-1:123456789012:rule/my-scheduled-rule'],
  detail: {},
};

const request = (method: string, path: string, routeKey: string) => ({
  accountId: '123456789012',
  apiId: 'api-id',
  domainName: 'id.execute-api.us-east-1.amazonaws.com',
  domainPrefix: 'id',
  http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'agent' },
  requestId: 'JKJaXmPLvHcESHA=',
  routeKey,
  stage: '$default',
  time: '12/Mar/2020:19:03:58 +0000',
  timeEpoch: 1583348638390,
});

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
export function httpEvent(
  routeKey: string,
  pathParameters: Record<string, string>,
  body?: unknown,
): APIGatewayProxyEventV2WithLambdaAuthorizer<Caller> {
  const [method, template] = routeKey.split(' ') as [string, string];
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => pathParameters[name]!);
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/json' },
    requestContext: { ...request(method, path, routeKey), authorizer: { lambda: { role: 'operator' } } },
    pathParameters,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    isBase64Encoded: false,
  };
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html */
export function authorizerEvent(authorization: string): APIGatewayRequestAuthorizerEventV2 {
  const routeKey = 'GET /v1/orgs';
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn: 'arn:aws:execute-api:us-east-1:123456789012:abcdef123/$default/GET/v1/orgs',
    identitySource: [authorization],
    routeKey,
    rawPath: '/v1/orgs',
    rawQueryString: '',
    cookies: [],
    headers: { authorization },
    queryStringParameters: {},
    requestContext: {
      ...request('GET', '/v1/orgs', routeKey),
      authentication: {
        clientCert: {
          clientCertPem: '',
          subjectDN: '',
          issuerDN: '',
          serialNumber: '',
          validity: { notBefore: '', notAfter: '' },
        },
      },
    },
    pathParameters: {},
    stageVariables: {},
  };
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html */
export function customResourceEvent(RequestType: 'Create' | 'Update' | 'Delete', url: string) {
  const properties = {
    ServiceToken: 'arn:aws:lambda:us-east-1:123456789012:function:fanout-sandbox-ingest-SourceAccessGrants',
    ServiceTimeout: '90',
    username: 'fanout-orders',
    topic: 'orders',
    consumerGroup: 'fanout-orders',
  };
  return {
    RequestType,
    ServiceToken: properties.ServiceToken,
    ResponseURL: url,
    StackId: 'arn:aws:cloudformation:us-east-1:123456789012:stack/fanout-sandbox-ingest/0a1b2c3d',
    RequestId: '0a1b2c3d-0000-4000-8000-000000000000',
    LogicalResourceId: 'Reader',
    ResourceType: 'Custom::SourceReader',
    ResourceProperties: properties,
    ...(RequestType !== 'Create' && { PhysicalResourceId: 'fanout-orders' }),
    ...(RequestType === 'Update' && { OldResourceProperties: { ...properties, topic: 'invoices' } }),
  };
}
