import { join } from 'node:path';
import type { Duration } from 'aws-cdk-lib';
import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { type Conditions, Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type CfnFunction,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { wildcardFindings } from './wildcards.ts';

export interface FanoutFunctionProps {
  /** The folder that holds the bundles of all functions. */
  readonly functions: string;
  /** Its metrics are in the namespace of this stage. */
  readonly stage: string;
  /** The folder under `functions/` whose handler this is. */
  readonly code: string;
  readonly description: string;
  readonly timeout: Duration;
  readonly memoryMiB: number;
  /** Most environments at once; they are reserved for the function. */
  readonly concurrency?: number;
  readonly environment?: Record<string, string>;
}

/** Where the metrics of a stage's functions are. */
export function metricsNamespace(stage: string): string {
  return `Fanout/${stage}`;
}

/** Which calls of a table a function makes: each is granted on the table, a query of an index on that alone. */
export type TableCall =
  | 'GetItem'
  | 'BatchGetItem'
  | 'Query'
  | `Query:${string}`
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'BatchWriteItem'
  | 'ConditionCheckItem'
  | 'PartiQLInsert';

/**
 * A Lambda function with a role and a log group of its own. What it may use is given by the methods below:
 * each sets the environment variable and the grant together, so that neither can be forgotten.
 */
export class FanoutFunction extends Construct {
  readonly function: LambdaFunction;
  readonly #role: Role;

  constructor(scope: Construct, id: string, props: FanoutFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Not the managed basic execution policy: it lets a function write to every log group of the account.
    this.#role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(this.#role);
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      code: Code.fromAsset(join(props.functions, props.code)),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMiB,
      timeout: props.timeout,
      reservedConcurrentExecutions: props.concurrency,
      role: this.#role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        // Names are resolved on these threads: with the usual four, a few slow name servers would stall everything.
        UV_THREADPOOL_SIZE: '64',
        METRICS_NAMESPACE: metricsNamespace(props.stage),
        ...props.environment,
      },
      // The scheduler calls asynchronously, and calls again in a minute; CloudFormation does, and is told what went wrong.
      retryAttempts: 0,
    });
  }

  /** Lets the function make these calls on the table, whose name it finds in `variable`. */
  useTable(table: TableV2, variable: string, calls: readonly TableCall[]): this {
    this.function.addEnvironment(variable, table.tableName);
    for (const call of calls) {
      const [action, index] = call.split(':');
      const resource = index === undefined ? table.tableArn : `${table.tableArn}/index/${index}`;
      this.allow([`dynamodb:${action}`], [resource]);
    }
    return this;
  }

  /** Lets the function delete items of the table whose partition keys begin like one of these, and no others. */
  deleteUnder(table: TableV2, prefixes: readonly string[]): this {
    const keys = prefixes.map((prefix) => `${prefix}*`);
    return this.allow(['dynamodb:DeleteItem'], [table.tableArn], {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys },
    });
  }

  /** Lets the function send to the queue, whose URL it finds in `variable`. */
  sendTo(queue: IQueue, variable: string): this {
    this.function.addEnvironment(variable, queue.queueUrl);
    this.allow(['sqs:SendMessage'], [queue.queueArn]);
    return this;
  }

  /** Lets the function read the secret, whose ARN it finds in `variable`. */
  readSecret(secret: ISecret, variable: string): this {
    this.function.addEnvironment(variable, secret.secretArn);
    return this.allow(['secretsmanager:GetSecretValue'], [secret.secretArn]);
  }

  /** Runs the function in a network, from where it reaches what only that network does. */
  enterNetwork(subnetIds: readonly string[], securityGroupIds: readonly string[]): this {
    const deployed = this.function.node.defaultChild as CfnFunction;
    deployed.vpcConfig = { subnetIds: [...subnetIds], securityGroupIds: [...securityGroupIds] };
    return this.allowWildcards(
      [
        'ec2:CreateNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:DeleteNetworkInterface',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
      ],
      ['*'],
      'Lambda makes network interfaces with the role; EC2 has no narrower resource for these actions',
    );
  }

  /** Allows actions on resources, for what has no method here. */
  allow(actions: string[], resources: string[], conditions?: Conditions): this {
    this.#role.addToPolicy(new PolicyStatement({ actions, resources, conditions }));
    return this;
  }

  /** Allows actions on resources with wildcards in their names. @param reason why nothing narrower does */
  allowWildcards(actions: string[], resources: string[], reason: string): this {
    for (const id of wildcardFindings(this, resources)) Validations.of(this).acknowledge({ id, reason });
    return this.allow(actions, resources);
  }

  /** Denies actions, whatever else allows them. */
  deny(actions: string[], resources: string[]): this {
    this.#role.addToPolicy(new PolicyStatement({ effect: Effect.DENY, actions, resources }));
    return this;
  }
}
