import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { localAccount } from '../intrinsics.ts';
import { tagsMeanNothing, type ResourceKind } from '../resource-kind.ts';

const runs = z.strictObject({
  QueueName: z.string().optional(),
  VisibilityTimeout: z.number().optional(),
  DelaySeconds: z.number().optional(),
  MessageRetentionPeriod: z.number().optional(),
  ReceiveMessageWaitTimeSeconds: z.number().optional(),
  MaximumMessageSize: z.number().optional(),
  RedrivePolicy: z.strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.number() }).optional(),
  FifoQueue: z.literal(false).optional(),
});

/** AWS::SQS::Queue. First-in-first-out queues stop the start: Fanout has none, so nothing here was tried with one. */
export const queue: ResourceKind<z.infer<typeof runs>> = {
  file: 'sqs-queue',
  runs,
  meansNothingHere: {
    KmsMasterKeyId: 'encryption at rest',
    KmsDataKeyReusePeriodSeconds: 'encryption at rest',
    SqsManagedSseEnabled: 'encryption at rest',
    RedriveAllowPolicy: 'permissions are not checked on this machine',
    ...tagsMeanNothing,
  },
  identify: ({ property, generatedName, arn, addresses }) => {
    const name = property('QueueName') ?? generatedName;
    const url = `${addresses.sqsUrl}/${localAccount}/${name}`;
    return { ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } };
  },
  create: async ({ attributes, properties }, { sqs }) => {
    const { QueueName, RedrivePolicy, FifoQueue: _, ...numbers } = properties;
    const values = Object.entries(numbers).map(([name, value]) => [name, String(value)] as const);
    await sqs.send(
      new CreateQueueCommand({
        QueueName: QueueName ?? attributes['QueueName'],
        Attributes: {
          ...Object.fromEntries(values),
          ...(RedrivePolicy && { RedrivePolicy: JSON.stringify(RedrivePolicy) }),
        },
      }),
    );
  },
};
