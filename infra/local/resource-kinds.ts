import type { IgnoredKind, ResourceKind } from './resource-kind.ts';
import { globalTable, table } from './resources/dynamodb-table.ts';
import { eventSourceMapping } from './resources/event-source-mapping.ts';
import { authorizer, httpApi, integration, route, stage } from './resources/http-api.ts';
import { eventInvokeConfig, lambdaFunction } from './resources/lambda-function.ts';
import { cluster, configuration, topic } from './resources/msk.ts';
import { scramUsers } from './resources/scram-users.ts';
import { schedule, scheduledRule } from './resources/schedule.ts';
import { secret } from './resources/secret.ts';
import { queue } from './resources/sqs-queue.ts';

/** The CloudFormation resource types that run on this machine. A type in neither table stops the start. */
export const resourceKinds: Readonly<Record<string, ResourceKind<unknown>>> = {
  'AWS::ApiGatewayV2::Api': httpApi,
  'AWS::ApiGatewayV2::Authorizer': authorizer,
  'AWS::ApiGatewayV2::Integration': integration,
  'AWS::ApiGatewayV2::Route': route,
  'AWS::ApiGatewayV2::Stage': stage,
  'AWS::DynamoDB::GlobalTable': globalTable,
  'AWS::DynamoDB::Table': table,
  'AWS::Events::Rule': scheduledRule,
  'AWS::Lambda::EventInvokeConfig': eventInvokeConfig,
  'AWS::Lambda::EventSourceMapping': eventSourceMapping,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::MSK::BatchScramSecret': scramUsers,
  'AWS::MSK::Cluster': cluster,
  'AWS::MSK::Configuration': configuration,
  'AWS::MSK::Topic': topic,
  'AWS::SQS::Queue': queue,
  'AWS::Scheduler::Schedule': schedule,
  'AWS::SecretsManager::Secret': secret,
};

const permissions = { meansNothingHere: 'permissions are not checked on this machine' };
const encryption = { meansNothingHere: 'nothing is kept, so nothing is encrypted at rest' };
const network = { meansNothingHere: 'everything is on one machine' };
const observation = {
  meansNothingHere: 'logs go to this machine; metrics and alarms are what AWS is watched by',
};

/** The CloudFormation resource types that make no difference on this machine, each with the reason. */
export const ignoredKinds: Readonly<Record<string, IgnoredKind>> = {
  'AWS::IAM::ManagedPolicy': { ...permissions, refIsArn: 'iam' },
  'AWS::IAM::Policy': permissions,
  'AWS::IAM::Role': permissions,
  'AWS::Lambda::Permission': permissions,
  'AWS::MSK::ClusterPolicy': permissions,
  'AWS::SQS::QueuePolicy': permissions,
  'Custom::SourceReader': {
    meansNothingHere: 'the machine, as the operator of its broker, lets the user read',
  },
  'AWS::SecretsManager::ResourcePolicy': permissions,

  'AWS::KMS::Alias': encryption,
  'AWS::KMS::Key': encryption,

  'AWS::EC2::EIP': network,
  'AWS::EC2::FlowLog': network,
  'AWS::EC2::InternetGateway': network,
  'AWS::EC2::NatGateway': network,
  'AWS::EC2::Route': network,
  'AWS::EC2::RouteTable': network,
  'AWS::EC2::SecurityGroup': network,
  'AWS::EC2::SecurityGroupEgress': network,
  'AWS::EC2::SecurityGroupIngress': network,
  'AWS::EC2::Subnet': network,
  'AWS::EC2::SubnetRouteTableAssociation': network,
  'AWS::EC2::VPC': network,
  'AWS::EC2::VPCEndpoint': network,
  'AWS::EC2::VPCGatewayAttachment': network,

  'AWS::CloudWatch::Alarm': observation,
  'AWS::CloudWatch::CompositeAlarm': observation,
  'AWS::CloudWatch::Dashboard': observation,
  'AWS::Logs::LogGroup': observation,
  'AWS::Logs::MetricFilter': observation,
  'AWS::Logs::ResourcePolicy': observation,
  // Alarms are all that Fanout tells through topics; a function that publishes would find no endpoint.
  'AWS::SNS::Subscription': { ...observation, refIsArn: 'sns' },
  'AWS::SNS::Topic': { ...observation, refIsArn: 'sns' },
  'AWS::SNS::TopicPolicy': permissions,
};
