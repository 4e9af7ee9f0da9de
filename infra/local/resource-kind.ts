import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Admin } from 'kafkajs';
import type { z } from 'zod';
import type { AwsCall } from './aws-calls.ts';
import type { Engines } from './engines/engines.ts';
import type { FunctionClock } from './function-clock.ts';
import type { FunctionRegistry } from './function-registry.ts';
import type { Secrets } from './secrets-endpoint.ts';

/** Where things are reached on this machine: the only values in resolved templates that a port number changes. */
export interface Addresses {
  /** ElasticMQ, without a slash at the end. */
  readonly sqsUrl: string;
  /** The HTTP API, without a slash at the end. */
  readonly apiUrl: string;
}

/** What `Ref` and `Fn::GetAtt` give for a resource. */
export interface Identity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A resource that says what it is called. */
export interface Unnamed {
  readonly stackName: string;
  readonly logicalId: string;
  /** A name for a resource that its template does not name, as CloudFormation makes it: stack and logical id. */
  readonly generatedName: string;
  readonly addresses: Addresses;
  /** A top-level property, resolved; undefined when the template leaves it out. */
  readonly property: (name: string) => string | undefined;
  /** An ARN in this stack's region, `resource` being all that follows the account. */
  readonly arn: (service: string, resource: string) => string;
}

/** A resource of the templates that this machine runs, with its properties resolved and checked. */
export interface PlannedResource<Properties = unknown> extends Identity {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly region: string;
  readonly properties: Properties;
  /** `<stack>/<logicalId>` of the resources that must exist before this one. */
  readonly dependsOn: readonly string[];
  /** The folder of a file asset by the S3 key that the template gives. */
  readonly assetFolder: (s3Key: string) => string | undefined;
}

export interface Stoppable {
  stop(): Promise<void>;
}

/** What resources are made of: the engines, clients to them, and what other resources have added. */
export interface Workshop {
  readonly engines: Engines;
  /** Where the HTTP API listens. */
  readonly apiPort: number;
  /** Lets go of that port, where it was held until now. */
  readonly releaseApiPort?: () => Promise<void>;
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly kafkaAdmin: () => Promise<Admin>;
  readonly secrets: Secrets;
  readonly functions: FunctionRegistry;
  /** What functions go by, where that is not this machine's clock. */
  readonly clock?: FunctionClock;
  /** Who tells functions the addresses of names that end in `.test`. */
  readonly nameServer?: string;
  /** The environment variables that lead the AWS SDK in functions to the engines. */
  readonly endpointVariables: Readonly<Record<string, string>>;
  /** The planned resources of a type. */
  readonly resources: (type: string) => readonly PlannedResource[];
  /** Gets lines for a person. */
  readonly say: (line: string) => void;
  /** Gets each kind of call of AWS that a function, by its name, makes. */
  readonly onAwsCall?: (functionName: string, call: AwsCall) => void;
  /** Gets what functions write. */
  readonly log: (line: string) => void;
}

/** What starts once every resource exists, in this order; it stops in the order of `stopOrder`. */
export const startOrder = ['api', 'schedule', 'poller'] as const;
/** Pollers first, so that batches in flight finish while all they need is still there. */
export const stopOrder = ['poller', 'api', 'schedule'] as const;

/**
 * A CloudFormation resource type that this machine runs.
 *
 * Every property is on one of two lists: `runs`, a strict schema that says which properties and values work here,
 * or `meansNothingHere`. A property on neither stops the start, so that no template says something that is
 * silently left undone.
 */
export interface ResourceKind<Properties> {
  /** The file under `resources/` that has this entry. */
  readonly file: string;
  readonly runs: z.ZodType<Properties>;
  /** Why a property makes no difference on this machine, by its path (`Replicas[].Tags`), with all below it. */
  readonly meansNothingHere: Readonly<Record<string, string>>;
  identify(resource: Unnamed): Identity;
  /** Problems that the schema cannot see. */
  check?(resource: PlannedResource<Properties>): string[];
  create?(resource: PlannedResource<Properties>, workshop: Workshop): Promise<void> | void;
  /** What runs on, from when every resource exists. Undefined when there is nothing to run. */
  start?(
    resource: PlannedResource<Properties>,
    workshop: Workshop,
  ): Promise<Stoppable | undefined> | Stoppable | undefined;
  readonly startsAs?: (typeof startOrder)[number];
}

/** A CloudFormation resource type that makes no difference on this machine, whatever its properties. */
export interface IgnoredKind {
  readonly meansNothingHere: string;
  /** The service and resource part of what `Ref` gives, where that is an ARN. */
  readonly refIsArn?: string;
}

/** Properties that mean nothing here in more than one kind. */
export const tagsMeanNothing = { Tags: 'only AWS bills and searches by tags' };
