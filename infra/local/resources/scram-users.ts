import { z } from 'zod';
import { untilKafkaServes } from '../engines/kafka-client.ts';
import type { ResourceKind, Workshop } from '../resource-kind.ts';
import { readCredentials } from '../source-secrets.ts';

const runs = z.strictObject({ ClusterArn: z.string(), SecretArnList: z.array(z.string()).default([]) });

/** AWS takes up to ten minutes; the local broker some hundred milliseconds. */
const letInMs = 10_000;

/** AWS::MSK::BatchScramSecret: makes a user of the cluster for each secret. */
export const scramUsers: ResourceKind<z.infer<typeof runs>> = {
  file: 'scram-users',
  runs,
  meansNothingHere: {},
  identify: ({ property }) => ({ ref: property('ClusterArn') ?? '', attributes: {} }),
  create: async ({ properties: { SecretArnList } }, workshop) => {
    if (workshop.engines.origin.kafka === 'given') {
      // A cluster that somebody else runs is theirs to give users to.
      workshop.say('The Kafka of KAFKA_BROKERS keeps its own users: sources read it as KAFKA_USERNAME');
      return;
    }
    await Promise.all(SecretArnList.map((arn) => createUser(arn, workshop)));
  },
};

async function createUser(arn: string, { engines, secrets }: Workshop): Promise<void> {
  const user = readCredentials(arn, secrets.value(arn));
  // Loading this client takes longer than all it does here, and most stages have no such user.
  const { setKafkaUser } = await import('../engines/kafka-users.ts');
  await setKafkaUser(engines.kafka, user.username, user.password);
  await untilKafkaServes({ ...engines.kafka, ...user, saslMechanism: 'SCRAM-SHA-512' }, letInMs);
}
