import type { Admin, IResourceConfigEntry } from 'kafkajs';
import kafkajs from 'kafkajs';
import { z } from 'zod';
import { createLedTopic } from '../engines/kafka-client.ts';
import { tagsMeanNothing, type ResourceKind } from '../resource-kind.ts';

const clusterRuns = z.strictObject({ ClusterName: z.string() });

const oneBroker = "the machine's own Kafka is one broker on this machine";

/** AWS::MSK::Cluster: the Kafka that this machine has. */
export const cluster: ResourceKind<z.infer<typeof clusterRuns>> = {
  file: 'msk',
  runs: clusterRuns,
  meansNothingHere: {
    BrokerNodeGroupInfo: oneBroker,
    NumberOfBrokerNodes: oneBroker,
    KafkaVersion: oneBroker,
    StorageMode: oneBroker,
    Rebalancing: oneBroker,
    // The properties in it are read where the configuration itself is.
    ConfigurationInfo: 'every configuration of the templates is for this one cluster',
    EncryptionInfo: 'nothing leaves the machine, and nothing stays on it',
    ClientAuthentication: 'the local Kafka always asks for a user, and for the rights of each',
    EnhancedMonitoring: 'metrics',
    LoggingInfo: 'logs of the brokers',
    OpenMonitoring: 'metrics',
    ...tagsMeanNothing,
  },
  identify: ({ property, generatedName, arn }) => {
    const name = property('ClusterName') ?? generatedName;
    const clusterArn = arn('kafka', `cluster/${name}/00000000-0000-4000-8000-000000000000-1`);
    return { ref: clusterArn, attributes: { Arn: clusterArn } };
  },
};

/** `name=value` lines, as in a properties file. */
function parseProperties(text: string): [name: string, value: string][] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name, ...value] = line.split('=');
      return [name!.trim(), value.join('=').trim()];
    });
}

const configurationRuns = z.strictObject({
  Name: z.string(),
  ServerProperties: z.string().transform(parseProperties),
});

/** What a server property does here: `set` it on the broker, or accept it, since the broker is like that already. */
const serverProperties: Readonly<Record<string, 'set' | RegExp>> = {
  'message.max.bytes': 'set',
  'auto.create.topics.enable': /^false$/,
  'allow.everyone.if.no.acl.found': /^false$/,
  // One broker: nothing to replicate to, and no replica to fall behind.
  'default.replication.factor': /^\d+$/,
  'min.insync.replicas': /^\d+$/,
  'unclean.leader.election.enable': /^(true|false)$/,
};

/** AWS::MSK::Configuration: the server properties that clients can notice. */
export const configuration: ResourceKind<z.infer<typeof configurationRuns>> = {
  file: 'msk',
  runs: configurationRuns,
  meansNothingHere: {
    Description: 'for people',
    KafkaVersionsList: oneBroker,
    LatestRevision: 'AWS fills it in',
  },
  identify: ({ property, generatedName, arn }) => {
    const configurationArn = arn('kafka', `configuration/${property('Name') ?? generatedName}/local`);
    return { ref: configurationArn, attributes: { Arn: configurationArn, 'LatestRevision.Revision': '1' } };
  },
  check: ({ properties }) =>
    properties.ServerProperties.flatMap(([name, value]) => {
      const rule = serverProperties[name];
      if (rule === undefined) {
        return [
          `server property '${name}' is neither run locally nor known to mean nothing locally; add it to infra/local/resources/msk.ts`,
        ];
      }
      return rule === 'set' || rule.test(value)
        ? []
        : [`server property '${name}' is ${value}, which the local broker is not`];
    }),
  create: async ({ properties }, workshop) => {
    const configEntries = properties.ServerProperties.filter(
      ([name]) => serverProperties[name] === 'set',
    ).map(([name, value]) => ({ name, value }));
    if (configEntries.length === 0) return;
    if (workshop.engines.origin.kafka === 'given') {
      // A cluster that somebody else runs is theirs to configure.
      workshop.say(
        `The Kafka of KAFKA_BROKERS keeps its own settings; the template asks for ${configEntries.map(({ name, value }) => `${name}=${value}`).join(', ')}`,
      );
      return;
    }
    const admin = await workshop.kafkaAdmin();
    const { brokers } = await admin.describeCluster();
    const resources = brokers.map(({ nodeId }) => ({
      type: kafkajs.ConfigResourceTypes.BROKER,
      name: String(nodeId),
      configEntries,
    }));
    await admin.alterConfigs({ validateOnly: false, resources });
  },
};

const topicRuns = z.strictObject({
  ClusterArn: z.string(),
  TopicName: z.string(),
  PartitionCount: z.number().int().min(1),
  ReplicationFactor: z.number().int().min(1),
  // Properties in base64, see the example of DescribeTopic in the MSK developer guide.
  Configs: z
    .string()
    .transform((encoded) => parseProperties(Buffer.from(encoded, 'base64').toString()))
    .default([]),
});

/** AWS::MSK::Topic. A topic that is there already is used as it is. */
export const topic: ResourceKind<z.infer<typeof topicRuns>> = {
  file: 'msk',
  runs: topicRuns,
  meansNothingHere: {},
  identify: ({ property }) => {
    const topicArn = `${(property('ClusterArn') ?? '').replace(':cluster/', ':topic/')}/${property('TopicName')}`;
    return { ref: topicArn, attributes: { TopicArn: topicArn } };
  },
  create: async ({ properties }, workshop) => {
    const admin = await workshop.kafkaAdmin();
    const { TopicName, PartitionCount, ReplicationFactor, Configs } = properties;
    const replicationFactor = Math.min(ReplicationFactor, await brokerCount(admin));
    const created = await createLedTopic(admin, {
      topic: TopicName,
      numPartitions: PartitionCount,
      replicationFactor,
      configEntries: Configs.map((entry) => topicConfig(entry, replicationFactor)),
    });
    if (!created) workshop.say(`Topic ${TopicName} is there already and used as it is`);
  },
};

async function brokerCount(admin: Admin): Promise<number> {
  return (await admin.describeCluster()).brokers.length;
}

/**
 * With fewer replicas than on AWS, asking for as many in sync as there would be refuses every record: one replica is
 * all that a single broker can have in sync.
 */
function topicConfig([name, value]: [string, string], replicas: number): IResourceConfigEntry {
  return { name, value: name === 'min.insync.replicas' ? String(Math.min(Number(value), replicas)) : value };
}
