/** One node of Kafka that is broker and controller, as `server.properties`. */
export interface KafkaProperties {
  password: string;
  dataFolder: string;
  /** `host:port` to listen on; port 0: any free one. */
  client: string;
  controller: string;
  tls?: { listener: string; keystore: string; keystorePassword: string };
  /** What clients are told to connect to, where it is not what the CLIENT listener listens on. */
  advertised?: string;
}

/** The user that may do everything. */
export const administrator = 'admin';

const modules = 'org.apache.kafka.common.security';

/** The text of `server.properties`. It holds the administrator's password. */
export function kafkaProperties(node: KafkaProperties): string {
  const listeners = [`CLIENT://${node.client}`, ...(node.tls ? [`TLS://${node.tls.listener}`] : [])];
  const properties: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': node.controller,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'CLIENT',
    listeners: [...listeners, `CONTROLLER://${node.controller}`].join(','),
    ...(node.advertised && { 'advertised.listeners': `CLIENT://${node.advertised}` }),
    'listener.security.protocol.map': 'CLIENT:SASL_PLAINTEXT,TLS:SASL_SSL,CONTROLLER:SASL_PLAINTEXT',
    ...security(node),
    ...small,
    'log.dirs': node.dataFolder,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function security({ password, tls }: KafkaProperties): Record<string, string | number | boolean> {
  const signIn = `username="${administrator}" password="${password}"`;
  const scram = `${modules}.scram.ScramLoginModule required ${signIn};`;
  const plain = `${modules}.plain.PlainLoginModule required ${signIn} user_${administrator}="${password}";`;
  const mechanisms = { 'scram-sha-512': scram, 'scram-sha-256': scram, plain };
  return {
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512,SCRAM-SHA-256,PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.controller.plain.sasl.jaas.config': plain,
    ...jaas('client', mechanisms),
    ...(tls && {
      ...jaas('tls', mechanisms),
      'listener.name.tls.ssl.keystore.type': 'PKCS12',
      'listener.name.tls.ssl.keystore.location': tls.keystore,
      'listener.name.tls.ssl.keystore.password': tls.keystorePassword,
    }),
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': false,
    'super.users': `User:${administrator}`,
  };
}

function jaas(listener: string, mechanisms: Record<string, string>): Record<string, string> {
  const entries = Object.entries(mechanisms);
  return Object.fromEntries(
    entries.map(([name, value]) => [`listener.name.${listener}.${name}.sasl.jaas.config`, value]),
  );
}

/** One node, so nothing has a second replica; groups form at once; topics exist because somebody made them. */
const small: Record<string, number | boolean> = {
  'auto.create.topics.enable': false,
  'num.partitions': 1,
  'default.replication.factor': 1,
  'min.insync.replicas': 1,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'share.coordinator.state.topic.num.partitions': 1,
  'group.initial.rebalance.delay.ms': 0,
  // A broker that was killed is let in again only when its last session is over (9 s by default).
  'broker.session.timeout.ms': 3_000,
  'broker.heartbeat.interval.ms': 1_000,
  // Records of 1 MiB (the limit of ingest) with their keys and headers, and larger ones to refuse.
  'message.max.bytes': 2 * 1024 * 1024,
};
