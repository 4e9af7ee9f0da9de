import { z } from 'zod';
import { prepareSource } from '../cluster-operator.ts';
import { startKafkaPoller } from '../pollers/kafka-poller.ts';
import { startSqsPoller } from '../pollers/sqs-poller.ts';
import {
  type PlannedResource,
  type ResourceKind,
  type Stoppable,
  tagsMeanNothing,
  type Workshop,
} from '../resource-kind.ts';
import { sourceAccess, sourceAccessTypes } from '../source-access.ts';

const consumerGroup = z.strictObject({ ConsumerGroupId: z.string().optional() }).optional();

const runs = z.strictObject({
  FunctionName: z.string(),
  EventSourceArn: z
    .string()
    .regex(/^arn:[^:]*:(sqs|kafka):/, 'only SQS queues and Kafka clusters are polled here')
    .optional(),
  SelfManagedEventSource: z
    .strictObject({
      Endpoints: z.strictObject({ KafkaBootstrapServers: z.array(z.string()).min(1) }),
    })
    .optional(),
  SourceAccessConfigurations: z
    .array(
      z.strictObject({
        Type: z.enum(sourceAccessTypes),
        URI: z.string(),
      }),
    )
    .default([]),
  Topics: z.array(z.string()).length(1, 'Lambda takes one topic a mapping').optional(),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).optional(),
  AmazonManagedKafkaEventSourceConfig: consumerGroup,
  SelfManagedKafkaEventSourceConfig: consumerGroup,
  BatchSize: z.number().int().min(1).max(10_000).optional(),
  MaximumBatchingWindowInSeconds: z.number().min(0).max(300).optional(),
  ScalingConfig: z
    .strictObject({ MaximumConcurrency: z.number().int().min(2).max(1000).optional() })
    .optional(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  Enabled: z.boolean().default(true),
  MaximumRetryAttempts: z.literal(-1, 'retries have no end here').optional(),
  MaximumRecordAgeInSeconds: z.literal(-1, 'records never grow too old here').optional(),
  BisectBatchOnFunctionError: z.literal(false, 'batches are not cut in half here').optional(),
});

type Mapping = PlannedResource<z.infer<typeof runs>>;

/** Lambda's own defaults: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
const defaults = { kafkaBatchSize: 100, kafkaWindowSeconds: 0.5, sqsBatchSize: 10, sqsConcurrency: 10 };

/** AWS::Lambda::EventSourceMapping of an SQS queue, an MSK cluster or a Kafka cluster that somebody else runs. */
export const eventSourceMapping: ResourceKind<z.infer<typeof runs>> = {
  file: 'event-source-mapping',
  runs,
  meansNothingHere: {
    ProvisionedPollerConfig: 'one poller serves all partitions here; what comes out is the same',
    KmsKeyArn: 'encryption at rest',
    MetricsConfig: 'metrics',
    LoggingConfig: 'logs go to this machine',
    ...tagsMeanNothing,
  },
  identify: ({ generatedName, arn }) => ({
    ref: generatedName,
    attributes: {
      Id: generatedName,
      EventSourceMappingArn: arn('lambda', `event-source-mapping:${generatedName}`),
    },
  }),
  check: ({ properties }) => (isSqs(properties) ? [] : kafkaProblems(properties)),
  startsAs: 'poller',
  start: (mapping, workshop) => {
    if (!mapping.properties.Enabled) return undefined;
    return isSqs(mapping.properties) ? pollQueue(mapping, workshop) : pollTopic(mapping, workshop);
  },
};

function isSqs({ EventSourceArn }: Mapping['properties']): boolean {
  return EventSourceArn?.split(':')[2] === 'sqs';
}

function kafkaProblems(properties: Mapping['properties']): string[] {
  const problems: string[] = [];
  const { EventSourceArn, SelfManagedEventSource, Topics, StartingPosition } = properties;
  if ((EventSourceArn === undefined) === (SelfManagedEventSource === undefined)) {
    problems.push(
      "exactly one of the properties 'EventSourceArn' and 'SelfManagedEventSource' must be there",
    );
  }
  if (!Topics) problems.push("property 'Topics' is absent: a Kafka mapping needs it");
  if (!StartingPosition) problems.push("property 'StartingPosition' is absent: a Kafka mapping needs it");
  return problems;
}

function pollQueue({ stack, logicalId, properties }: Mapping, workshop: Workshop): Promise<Stoppable> {
  const source = workshop
    .resources('AWS::SQS::Queue')
    .find(({ attributes }) => attributes['Arn'] === properties.EventSourceArn);
  if (!source)
    throw new Error(`${stack}/${logicalId}: the templates have no queue ${properties.EventSourceArn}`);
  const target = workshop.functions.get(properties.FunctionName);
  return startSqsPoller({
    sqsUrl: workshop.engines.sqsUrl,
    queueUrl: source.ref,
    queueArn: source.attributes['Arn']!,
    batchSize: properties.BatchSize ?? defaults.sqsBatchSize,
    windowSeconds: properties.MaximumBatchingWindowInSeconds ?? 0,
    maximumConcurrency: properties.ScalingConfig?.MaximumConcurrency ?? defaults.sqsConcurrency,
    reportBatchItemFailures: properties.FunctionResponseTypes.length > 0,
    invoke: (event) => target.invoke(event),
    say: workshop.say,
    tag: logicalId,
  });
}

async function pollTopic({ logicalId, ref, properties }: Mapping, workshop: Workshop): Promise<Stoppable> {
  const target = workshop.functions.get(properties.FunctionName);
  const config =
    properties.AmazonManagedKafkaEventSourceConfig ?? properties.SelfManagedKafkaEventSourceConfig;
  const topic = properties.Topics![0]!;
  // Lambda takes the mapping's own id when none is given.
  const groupId = config?.ConsumerGroupId ?? ref;
  const bootstrapServers = properties.SelfManagedEventSource?.Endpoints.KafkaBootstrapServers;
  const configurations = properties.SourceAccessConfigurations;
  const kafka = sourceAccess({ bootstrapServers, configurations }, workshop);
  await prepareSource({ topic, groupId, bootstrapServers, kafka }, workshop);
  return startKafkaPoller({
    kafka,
    topic,
    groupId,
    eventSourceArn: properties.EventSourceArn,
    batchSize: properties.BatchSize ?? defaults.kafkaBatchSize,
    windowSeconds: properties.MaximumBatchingWindowInSeconds ?? defaults.kafkaWindowSeconds,
    startingPosition: properties.StartingPosition!,
    reportBatchItemFailures: properties.FunctionResponseTypes.length > 0,
    invoke: (event) => target.invoke(event),
    say: workshop.say,
    tag: logicalId,
  });
}
