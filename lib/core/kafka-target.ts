/** A tenant's own Kafka topic, and how it is reached. */
export interface KafkaTarget {
  /** `host:port`, where the cluster is asked for its brokers. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly saslMechanism: SaslMechanism;
  readonly tls: boolean;
  /** A JMESPath expression for a message's key; without it, the event's id. */
  readonly partitionKeyTemplate?: string;
  readonly username: string;
  readonly password: string;
  /** Changes whenever user name or password do, so that they need not be compared. */
  readonly credentialsVersion: string;
}

export const saslMechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

export type SaslMechanism = (typeof saslMechanisms)[number];

export const mostBrokers = 20;

/** What the texts of a Kafka endpoint have to match, and what is said of one that does not. */
export const kafkaRules = {
  topic: {
    pattern: /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/,
    message: 'must be 1 to 249 letters, digits, dots, underscores and dashes, and neither . nor ..',
  },
  username: {
    pattern: /^[^\x00]{1,256}$/,
    message: 'must have 1 to 256 characters, none of them NUL',
  },
  password: {
    pattern: /^[^\x00]{1,1024}$/,
    message: 'must have 1 to 1024 characters, none of them NUL',
  },
} as const;

/** The mechanism that the text names, whatever its case. */
export function readSaslMechanism(text: string): SaslMechanism | undefined {
  const lower = text.toLowerCase();
  return saslMechanisms.find((mechanism) => mechanism === lower);
}

/** @returns undefined for what is neither a boolean nor the text of one */
export function readTls(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return value === 'true' ? true : value === 'false' ? false : undefined;
}

export type ParsedBrokers = { readonly brokers: readonly string[] } | { readonly faults: readonly string[] };

/**
 * Reads a list of brokers.
 * @param text `host:port`, several separated by commas, spaces around them allowed; an IPv6 address in brackets
 * @returns the brokers, each once, or what is wrong with which of them
 */
export function parseBrokers(text: string): ParsedBrokers {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.length > mostBrokers)
    return { faults: [`there are ${entries.length} brokers; the most is ${mostBrokers}`] };
  const faults = entries.flatMap((entry, at) => {
    const fault = brokerFault(entry);
    return fault ? [`broker ${at + 1} (${JSON.stringify(shown(entry))}) ${fault}`] : [];
  });
  return faults.length > 0 ? { faults } : { brokers: [...new Set(entries)] };
}

/** Host (an IPv6 address without its brackets) and port of a broker that `parseBrokers` has let pass. */
export function brokerAddress(broker: string): { host: string; port: number } {
  const colon = broker.lastIndexOf(':');
  return { host: broker.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(broker.slice(colon + 1)) };
}

const hostName = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$/;

function brokerFault(entry: string): string | undefined {
  if (entry === '') return 'is empty; write host:port';
  if (entry.includes('://')) return 'must be host:port without a scheme';
  if (entry.includes('@')) return 'must not hold a user name or password; they are credentials';
  const parts = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/.exec(entry);
  if (!parts) return 'must be host:port; an IPv6 address stands in brackets, as in [2001:db8::1]:9092';
  const [, host = '', port] = parts;
  if (port === undefined || port === '') return 'has no port; write host:port';
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) return 'must have a port from 1 to 65535';
  const isHost = host.startsWith('[') ? URL.canParse(`http://${host}`) : hostName.test(host);
  return isHost ? undefined : 'must name a host, or an IP address (IPv6 in brackets)';
}

/** An entry without what may be a password, and no longer than a message should be. */
function shown(entry: string): string {
  return entry.replace(/^.*@/, '…@').slice(0, 100);
}
