import { CfnOutput, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AttributeType, ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { FanoutStackProps } from './fanout-stack.ts';

/** The secrets that the deploy makes. */
export interface FanoutSecrets {
  /** The first operator key. */
  readonly operatorKey: Secret;
  /** Turns a record's address into the random-looking part of its event id, and back. */
  readonly eventIdKey: Secret;
  /** Seals the secrets of endpoints in the config table. */
  readonly sealKey: Secret;
}

const string = (name: string) => ({ name, type: AttributeType.STRING });

/** What holds data: both tables and the secrets. Nothing in it is deleted with the stack. */
export class DataStack extends Stack {
  readonly config: TableV2;
  readonly events: TableV2;
  readonly secrets: FanoutSecrets;

  constructor(scope: Construct, id: string, props: FanoutStackProps) {
    super(scope, id, props);
    // Also where a failed first deploy is taken back: a table that is protected could not be deleted there, and none of its
    // name is in the way of the next.
    const kept = { removalPolicy: RemovalPolicy.RETAIN, deletionProtection: true };

    this.config = new TableV2(this, 'Config', {
      ...kept,
      partitionKey: string('pk'),
      sortKey: string('sk'),
      // Runs alone end.
      timeToLiveAttribute: 'expires_at',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      globalSecondaryIndexes: [
        // Everything of one kind in the deployment: the orgs, all endpoints for a broadcast.
        { indexName: 'by_kind', partitionKey: string('kind'), sortKey: string('pk') },
        // Everything of one kind in an org: its keys, its endpoints.
        { indexName: 'by_org', partitionKey: string('org_kind'), sortKey: string('pk') },
      ],
    });

    this.events = new TableV2(this, 'Events', {
      ...kept,
      partitionKey: string('pk'),
      sortKey: string('sk'),
      timeToLiveAttribute: 'expires_at',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      globalSecondaryIndexes: [
        // Lists: events by org and hour, the quarantine by day, what is due by the minute.
        {
          indexName: 'listing',
          partitionKey: string('listing'),
          sortKey: string('listed_at'),
          projectionType: ProjectionType.INCLUDE,
          nonKeyAttributes: ['attempt_count', 'written_at'],
        },
        // Every event once, by hour, for operators, and deliveries by endpoint and state; in shards, for all writes of an
        // hour or to an endpoint come to it.
        {
          indexName: 'overview',
          partitionKey: string('overview'),
          sortKey: string('listed_at'),
          projectionType: ProjectionType.INCLUDE,
          nonKeyAttributes: ['written_at'],
        },
      ],
    });

    const generated = { excludePunctuation: true, passwordLength: 43 };
    this.secrets = {
      operatorKey: new Secret(this, 'OperatorKey', {
        description: 'The first operator key of Fanout: use it to make orgs and further keys',
        generateSecretString: generated,
        removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      }),
      eventIdKey: new Secret(this, 'EventIdKey', {
        description: 'Key of the permutation inside event ids. Replacing it makes older ids unreadable',
        generateSecretString: generated,
        removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      }),
      sealKey: new Secret(this, 'SealKey', {
        description: 'Seals the secrets and passwords of endpoints. Replacing it makes them unreadable',
        generateSecretString: generated,
        removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      }),
    };
    const notRotated = 'AwsSolutions-SMG4';
    Validations.of(this.secrets.operatorKey).acknowledge({
      id: notRotated,
      reason:
        'Operators hold it: it is replaced when they say so. Keys for daily work are made with it, and revoked',
    });
    for (const key of [this.secrets.eventIdKey, this.secrets.sealKey])
      Validations.of(key).acknowledge({
        id: notRotated,
        reason:
          'What was made with it could not be read any more: event ids that are out, sealed secrets of endpoints',
      });
    new CfnOutput(this, 'EventIdKeySecretArn', { value: this.secrets.eventIdKey.secretArn });
    new CfnOutput(this, 'SealKeySecretArn', { value: this.secrets.sealKey.secretArn });
    new CfnOutput(this, 'OperatorKeySecretArn', { value: this.secrets.operatorKey.secretArn });
  }
}
