import type { KafkaMessage } from 'kafkajs';

/** A record as Lambda hands it over. */
export interface KafkaEventRecord {
  topic: string;
  partition: number;
  offset: number;
  timestamp: number;
  timestampType: 'CREATE_TIME';
  /** Base64; absent when the record has none. */
  key?: string;
  /** Base64; absent for a tombstone. */
  value?: string;
  headers: Record<string, number[]>[];
}

/** Where records come from. */
export interface KafkaEventSource {
  /** Undefined: a Kafka that is not MSK. */
  eventSourceArn: string | undefined;
  bootstrapServers: string;
}

export interface KafkaEvent {
  eventSource: 'aws:kafka' | 'SelfManagedKafka';
  eventSourceArn?: string;
  bootstrapServers: string;
  /** By `<topic>-<partition>`. */
  records: Record<string, KafkaEventRecord[]>;
}

/** Everything of a record's JSON but topic, key, value and headers, with the longest numbers. */
const recordFrameBytes = 190;

/**
 * https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html#msk-sample-event and, for SelfManagedKafka,
 * https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html#smaa-sample-event
 */
export function kafkaEvent(
  { eventSourceArn, bootstrapServers }: KafkaEventSource,
  topic: string,
  partition: number,
  messages: KafkaMessage[],
): KafkaEvent {
  const records = {
    [partitionName(topic, partition)]: messages.map((message) => record(topic, partition, message)),
  };
  if (eventSourceArn === undefined) return { eventSource: 'SelfManagedKafka', bootstrapServers, records };
  return { eventSource: 'aws:kafka', eventSourceArn, bootstrapServers, records };
}

/** A partition's name in events and in the answers of functions. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** At most how many bytes a record takes in an event's JSON. Never too few, so that a batch stays within its limit. */
export function eventBytes(topic: string, message: KafkaMessage): number {
  let bytes = recordFrameBytes + topic.length + base64Length(message.key) + base64Length(message.value);
  for (const [name, values] of headerValues(message)) {
    // A byte takes at most five characters: "-128,".
    for (const value of values) bytes += JSON.stringify(name).length + 6 + 5 * value.length;
  }
  return bytes;
}

/**
 * A tombstone has no `value` in Lambda's event, neither null nor empty: what is documented nowhere was reported from a
 * live mapping (aws-powertools/powertools-lambda-typescript#5016). A missing key is missing in the same way.
 */
function record(topic: string, partition: number, message: KafkaMessage): KafkaEventRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    timestampType: 'CREATE_TIME',
    ...(message.key && { key: message.key.toString('base64') }),
    ...(message.value && { value: message.value.toString('base64') }),
    headers: headerValues(message).flatMap(([name, values]) =>
      values.map((value) => ({ [name]: [...new Int8Array(value.buffer, value.byteOffset, value.length)] })),
    ),
  };
}

/**
 * Headers in order, as far as kafkajs lets us know: it collects the values of one name at the place of the first, and
 * what it takes for an earlier value may come from Object.prototype (for a header named `constructor`).
 */
function headerValues({ headers }: KafkaMessage): [string, Buffer[]][] {
  return Object.entries(headers ?? {}).map(([name, values]) => {
    const list: unknown[] = Array.isArray(values) ? values : [values];
    return [
      name,
      list.filter((value) => value === null || Buffer.isBuffer(value)).map((value) => value ?? empty),
    ];
  });
}

const empty = Buffer.alloc(0);

function base64Length(bytes: Buffer | null): number {
  return bytes ? Math.ceil(bytes.length / 3) * 4 : 0;
}
