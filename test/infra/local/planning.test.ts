import { rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Template, TemplateResource } from '../../../infra/local/cloud-assembly.ts';
import { type Plan, PlanFindings, planMachine } from '../../../infra/local/machine.ts';
import { ignoredKinds, resourceKinds } from '../../../infra/local/resource-kinds.ts';
import { assetKey, writeAssembly } from './assembly-fixture.ts';

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

function plan(templates: Readonly<Record<string, Template>>): Plan {
  const folder = writeAssembly(templates);
  folders.push(folder);
  return planMachine(folder);
}

const planOne = (resources: Record<string, TemplateResource>) => plan({ Orders: { Resources: resources } });

function findings(templates: Readonly<Record<string, Template>>): readonly string[] {
  try {
    plan(templates);
  } catch (error) {
    if (error instanceof PlanFindings) return error.findings;
    throw error;
  }
  return [];
}

const propertiesOf = ({ resources }: Plan, logicalId: string) =>
  resources.find((resource) => resource.logicalId === logicalId)?.properties;

const queue: TemplateResource = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'wake-ups' } };
const fn: TemplateResource = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Bucket: { 'Fn::Sub': 'assets-${AWS::AccountId}' }, S3Key: assetKey },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
  },
};
const kafkaMapping: TemplateResource = {
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: {
    FunctionName: { Ref: 'Function' },
    EventSourceArn: 'arn:aws:kafka:eu-central-1:000000000000:cluster/own/1',
    Topics: ['orders'],
    StartingPosition: 'TRIM_HORIZON',
  },
};
const api: TemplateResource = {
  Type: 'AWS::ApiGatewayV2::Api',
  Properties: { Name: 'api', ProtocolType: 'HTTP' },
};
const integration: TemplateResource = {
  Type: 'AWS::ApiGatewayV2::Integration',
  Properties: {
    ApiId: { Ref: 'Api' },
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: { 'Fn::GetAtt': ['Function', 'Arn'] },
    PayloadFormatVersion: '2.0',
  },
};
const authorizer: TemplateResource = {
  Type: 'AWS::ApiGatewayV2::Authorizer',
  Properties: {
    ApiId: { Ref: 'Api' },
    Name: 'keys',
    AuthorizerType: 'REQUEST',
    AuthorizerUri: {
      'Fn::Sub':
        'arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/${Function.Arn}/invocations',
    },
    AuthorizerPayloadFormatVersion: '2.0',
    EnableSimpleResponses: true,
  },
};
const schedule: TemplateResource = {
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    ScheduleExpression: 'rate(1 minute)',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: { 'Fn::GetAtt': ['Function', 'Arn'] } },
  },
};
const table: TemplateResource = {
  Type: 'AWS::DynamoDB::GlobalTable',
  Properties: {
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    Replicas: [{ Region: 'eu-central-1', DeletionProtectionEnabled: true }],
  },
};
const all = {
  Queue: queue,
  Function: fn,
  Mapping: kafkaMapping,
  Api: api,
  Integration: integration,
  Authorizer: authorizer,
  Schedule: schedule,
  Table: table,
};

const changed = (resource: TemplateResource, properties: Record<string, unknown>): TemplateResource => ({
  ...resource,
  Properties: { ...resource.Properties, ...properties },
});

describe('a plan', () => {
  it('has every resource that runs, and no finding', () => {
    const { resources } = planOne({
      ...all,
      Role: { Type: 'AWS::IAM::Role', Properties: { Anything: { 'Fn::Unknown': 1 } } },
    });
    expect(resources.map(({ logicalId }) => logicalId)).toEqual(Object.keys(all));
  });

  it('resolves names and ARNs before anything exists', () => {
    const { resources } = planOne(all);
    const identities = Object.fromEntries(
      resources.map(({ logicalId, ref, attributes }) => [logicalId, [ref, attributes['Arn']]]),
    );
    expect(identities).toMatchObject({
      Queue: ['http://sqs.invalid/000000000000/wake-ups', 'arn:aws:sqs:eu-central-1:000000000000:wake-ups'],
      Function: [
        'stack-Orders-Function',
        'arn:aws:lambda:eu-central-1:000000000000:function:stack-Orders-Function',
      ],
      Table: ['stack-Orders-Table', 'arn:aws:dynamodb:eu-central-1:000000000000:table/stack-Orders-Table'],
    });
  });

  it('knows what each resource needs first: by reference, by DependsOn, and through outputs of other stacks', () => {
    const { resources } = plan({
      Data: {
        Resources: { Table: table },
        Outputs: {
          Name: { Value: { Ref: 'Table' } },
          Arn: { Value: { 'Fn::GetAtt': ['Table', 'Arn'] }, Export: { Name: 'the-arn' } },
        },
      },
      Use: {
        Resources: {
          Queue: queue,
          Other: queue,
          Function: {
            ...changed(fn, {
              Environment: {
                Variables: {
                  TABLE: { 'Fn::GetStackOutput': { StackName: 'stack-Data', OutputName: 'Name' } },
                  ARN: { 'Fn::ImportValue': 'the-arn' },
                  QUEUE: { Ref: 'Queue' },
                },
              },
            }),
            DependsOn: ['Other'],
          },
        },
      },
    });
    const planned = resources.find(({ logicalId }) => logicalId === 'Function')!;
    expect(new Set(planned.dependsOn)).toEqual(new Set(['Data/Table', 'Use/Queue', 'Use/Other']));
    expect(planned.properties).toMatchObject({
      Environment: {
        Variables: {
          TABLE: 'stack-Data-Table',
          ARN: 'arn:aws:dynamodb:eu-central-1:000000000000:table/stack-Data-Table',
          QUEUE: 'http://sqs.invalid/000000000000/wake-ups',
        },
      },
    });
  });

  it('has the outputs of each stack', () => {
    const { outputs } = plan({
      Web: { Resources: { Api: api }, Outputs: { Url: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } } } },
    });
    expect(outputs).toEqual({ Web: { Url: 'http://api.invalid' } });
  });

  it("fills in AWS's own defaults where the template is silent", () => {
    expect(propertiesOf(planOne(all), 'Function')).toMatchObject({ Timeout: 3, MemorySize: 128 });
    expect(propertiesOf(planOne(all), 'Authorizer')).toMatchObject({ AuthorizerResultTtlInSeconds: 300 });
  });

  it('passes over what the CDK says about itself', () => {
    const cdk: Template = {
      Resources: { CDKMetadata: { Type: 'AWS::CDK::Metadata', Condition: 'Available' } },
      Parameters: { BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>' } },
      Rules: { CheckBootstrapVersion: {} },
    };
    expect(findings({ Orders: cdk })).toEqual([]);
  });
});

describe('the start is refused', () => {
  it('for a resource type on neither list', () => {
    expect(findings({ Orders: { Resources: { Stream: { Type: 'AWS::Kinesis::Stream' } } } })).toEqual([
      'Orders/Stream (AWS::Kinesis::Stream): this type is neither run locally nor known to mean nothing locally; add it to infra/local/resource-kinds.ts',
    ]);
  });

  it('for a custom resource', () => {
    expect(findings({ Orders: { Resources: { Made: { Type: 'Custom::AWS' } } } })[0]).toContain(
      'Orders/Made (Custom::AWS)',
    );
  });

  it.each<[string, TemplateResource, Record<string, unknown>, string, string]>([
    [
      'an event filter',
      kafkaMapping,
      { FilterCriteria: { Filters: [] } },
      'FilterCriteria',
      'event-source-mapping',
    ],
    [
      'an on-failure destination',
      kafkaMapping,
      { DestinationConfig: {} },
      'DestinationConfig',
      'event-source-mapping',
    ],
    ['a stream of a table', table, { StreamSpecification: {} }, 'StreamSpecification', 'dynamodb-table'],
    ['layers', fn, { Layers: [] }, 'Layers', 'lambda-function'],
    ['inline code', fn, { Code: { ZipFile: '…', S3Key: assetKey } }, 'Code.ZipFile', 'lambda-function'],
    ['CORS', api, { CorsConfiguration: {} }, 'CorsConfiguration', 'http-api'],
    [
      'a nested property',
      table,
      { GlobalSecondaryIndexes: [{ IndexName: 'a', KeySchema: [], Projection: {}, New: 1 }] },
      'GlobalSecondaryIndexes[0].New',
      'dynamodb-table',
    ],
    ['an end date', schedule, { EndDate: '2030-01-01' }, 'EndDate', 'schedule'],
  ])('for a property on neither list: %s', (_, resource, properties, path, file) => {
    const [finding, ...more] = findings({
      Orders: { Resources: { ...all, It: changed(resource, properties) } },
    });
    expect(finding).toBe(
      `Orders/It (${resource.Type}): property '${path}' is neither run locally nor known to mean nothing locally; add it to infra/local/resources/${file}.ts`,
    );
    expect(more).toEqual([]);
  });

  it.each<[string, TemplateResource, Record<string, unknown>, string]>([
    [
      'a Kinesis stream as event source',
      kafkaMapping,
      { EventSourceArn: 'arn:aws:kinesis:eu-central-1:1:stream/a' },
      "property 'EventSourceArn' is \"arn:aws:kinesis:",
    ],
    [
      'retries with an end',
      kafkaMapping,
      { MaximumRetryAttempts: 3 },
      "property 'MaximumRetryAttempts' is 3",
    ],
    [
      'batches cut in half',
      kafkaMapping,
      { BisectBatchOnFunctionError: true },
      "property 'BisectBatchOnFunctionError' is true",
    ],
    [
      'a client certificate',
      kafkaMapping,
      { SourceAccessConfigurations: [{ Type: 'CLIENT_CERTIFICATE_TLS_AUTH', URI: 'arn:aws:a' }] },
      'property \'SourceAccessConfigurations[0].Type\' is "CLIENT_CERTIFICATE_TLS_AUTH"',
    ],
    ['no topic', kafkaMapping, { Topics: { Ref: 'AWS::NoValue' } }, "property 'Topics' is absent"],
    ['two topics', kafkaMapping, { Topics: ['a', 'b'] }, 'property \'Topics\' is ["a","b"]'],
    [
      'an authorizer of tokens',
      authorizer,
      { AuthorizerType: 'JWT' },
      'property \'AuthorizerType\' is "JWT"',
    ],
    [
      'an authorizer that answers policies',
      authorizer,
      { EnableSimpleResponses: false },
      "property 'EnableSimpleResponses' is false",
    ],
    [
      'payload format 1.0',
      integration,
      { PayloadFormatVersion: '1.0' },
      'property \'PayloadFormatVersion\' is "1.0"',
    ],
    [
      'an HTTP proxy',
      integration,
      { IntegrationType: 'HTTP_PROXY' },
      'property \'IntegrationType\' is "HTTP_PROXY"',
    ],
    ['a WebSocket API', api, { ProtocolType: 'WEBSOCKET' }, 'property \'ProtocolType\' is "WEBSOCKET"'],
    ['a first-in-first-out queue', queue, { FifoQueue: true }, "property 'FifoQueue' is true"],
    ['another runtime', fn, { Runtime: 'python3.13' }, 'property \'Runtime\' is "python3.13"'],
    ['a missing handler', fn, { Handler: { Ref: 'AWS::NoValue' } }, "property 'Handler' is absent"],
    [
      'code that the assembly has not',
      fn,
      { Code: { S3Key: 'gone.zip' } },
      "property 'Code.S3Key' names no asset",
    ],
    [
      'a cron schedule',
      schedule,
      { ScheduleExpression: 'cron(0 8 * * ? *)' },
      "property 'ScheduleExpression' is \"cron(",
    ],
    [
      'a schedule for a queue',
      schedule,
      { Target: { Arn: { 'Fn::GetAtt': ['Queue', 'Arn'] } } },
      "property 'Target.Arn' is \"arn:aws:sqs:",
    ],
    [
      'an unknown function of CloudFormation',
      fn,
      { Timeout: { 'Fn::FindInMap': ['a', 'b', 'c'] } },
      "Fn::FindInMap at 'Timeout' is not known",
    ],
    [
      'an attribute that nobody knows',
      fn,
      { FunctionName: { 'Fn::GetAtt': ['Queue', 'Depth'] } },
      "attribute 'Depth' of Queue (AWS::SQS::Queue) is not known",
    ],
    ['a resource that is not there', fn, { Timeout: { Ref: 'Nobody' } }, "Orders has no resource 'Nobody'"],
  ])('for a value that does not run: %s', (_, resource, properties, expected) => {
    const found = findings({ Orders: { Resources: { ...all, It: changed(resource, properties) } } });
    expect(found.length).toBe(1);
    expect(found[0]).toContain(`Orders/It (${resource.Type}): ${expected}`);
  });

  it('for resource attributes and template sections that are not carried out', () => {
    const template: Template = {
      Resources: { Queue: { ...queue, Condition: 'Production', CreationPolicy: {} } },
      Conditions: {},
      Parameters: { Size: { Type: 'Number' } },
      Outputs: { Maybe: { Value: 'x', Condition: 'Production' } },
    };
    expect(findings({ Orders: template })).toEqual([
      "Orders: the template section 'Conditions' does not run locally",
      "Orders: parameter 'Size': nobody gives parameters a value locally",
      "Orders/Queue (AWS::SQS::Queue): the attribute 'Condition' does not run locally",
      "Orders/Queue (AWS::SQS::Queue): the attribute 'CreationPolicy' does not run locally",
      "Orders: output 'Maybe': output 'Maybe' has a condition, which does not run locally",
    ]);
  });

  it('with every finding of every stack at once', () => {
    const found = findings({
      One: {
        Resources: { A: { Type: 'AWS::Kinesis::Stream' }, B: changed(queue, { FifoQueue: true, New: 1 }) },
      },
      Two: { Resources: { Function: changed(fn, { Layers: [], Timeout: { 'Fn::Cidr': [] } }) } },
    });
    expect(found.map((finding) => finding.split(':')[0])).toEqual([
      'One/A (AWS',
      'One/B (AWS',
      'One/B (AWS',
      'Two/Function (AWS',
      'Two/Function (AWS',
    ]);
  });
});

it('no type is on both lists, and every reason is given', () => {
  expect(Object.keys(resourceKinds).filter((type) => type in ignoredKinds)).toEqual([]);
  const reasons = Object.values(resourceKinds).flatMap((kind) => Object.values(kind.meansNothingHere));
  expect([...reasons, ...Object.values(ignoredKinds).map((kind) => kind.meansNothingHere)]).not.toContain('');
});
