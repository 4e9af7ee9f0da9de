import {
  CreateTableCommand,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { tagsMeanNothing, type ResourceKind } from '../resource-kind.ts';

const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));

const index = z.strictObject({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: z.strictObject({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']).optional(),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});

const runs = z.strictObject({
  TableName: z.string().optional(),
  AttributeDefinitions: z.array(
    z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: z.array(index).optional(),
  LocalSecondaryIndexes: z.array(index).optional(),
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string(), Enabled: z.boolean() }).optional(),
});

const capacity = 'DynamoDB Local has no capacity to reserve or pay for';
const safety = 'the tables live in memory, for as long as this machine runs';

/** AWS::DynamoDB::GlobalTable (the CDK's TableV2). A stream stops the start: nothing here would read it. */
export const globalTable: ResourceKind<z.infer<typeof runs>> = {
  file: 'dynamodb-table',
  runs,
  meansNothingHere: {
    BillingMode: capacity,
    WriteProvisionedThroughputSettings: capacity,
    WriteOnDemandThroughputSettings: capacity,
    ReadProvisionedThroughputSettings: capacity,
    ReadOnDemandThroughputSettings: capacity,
    WarmThroughput: capacity,
    'GlobalSecondaryIndexes[].WriteProvisionedThroughputSettings': capacity,
    'GlobalSecondaryIndexes[].WriteOnDemandThroughputSettings': capacity,
    'GlobalSecondaryIndexes[].WarmThroughput': capacity,
    SSESpecification: 'encryption at rest',
    // Backups, deletion protection, tags, keys and metrics of the table in each region.
    Replicas: 'one region is all there is',
  },
  identify: ({ property, generatedName, arn }) => {
    const name = property('TableName') ?? generatedName;
    return { ref: name, attributes: { Arn: arn('dynamodb', `table/${name}`), TableId: name } };
  },
  create: async ({ ref, properties }, { dynamodb, say }) => {
    const { TimeToLiveSpecification, ...schema } = properties;
    try {
      const input = { ...schema, TableName: ref, BillingMode: 'PAY_PER_REQUEST' as const };
      await dynamodb.send(new CreateTableCommand(input));
    } catch (error) {
      // Engines may outlive the machine: those that were given, and those that a test keeps.
      if (!(error instanceof ResourceInUseException)) throw error;
      return say(`Table ${ref} is there already and used as it is`);
    }
    await waitUntilTableExists({ client: dynamodb, maxWaitTime: 30, minDelay: 1 }, { TableName: ref });
    if (!TimeToLiveSpecification?.Enabled) return;
    await dynamodb.send(new UpdateTimeToLiveCommand({ TableName: ref, TimeToLiveSpecification }));
  },
};

/** AWS::DynamoDB::Table, which differs in what it says about capacity, safety and replicas. */
export const table: ResourceKind<z.infer<typeof runs>> = {
  ...globalTable,
  meansNothingHere: {
    BillingMode: capacity,
    ProvisionedThroughput: capacity,
    OnDemandThroughput: capacity,
    WarmThroughput: capacity,
    'GlobalSecondaryIndexes[].ProvisionedThroughput': capacity,
    'GlobalSecondaryIndexes[].OnDemandThroughput': capacity,
    'GlobalSecondaryIndexes[].WarmThroughput': capacity,
    'GlobalSecondaryIndexes[].ContributorInsightsSpecification': 'metrics',
    ContributorInsightsSpecification: 'metrics',
    PointInTimeRecoverySpecification: safety,
    DeletionProtectionEnabled: safety,
    ResourcePolicy: 'permissions are not checked on this machine',
    SSESpecification: 'encryption at rest',
    TableClass: 'only AWS bills by it',
    ...tagsMeanNothing,
  },
};
