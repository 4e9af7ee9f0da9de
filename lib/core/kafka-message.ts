/** What a message of Kafka is made of: an event on its way to a Kafka endpoint. */
export interface KafkaEvent {
  readonly id: string;
  readonly eventType: string;
  /** When it happened, milliseconds since 1970. */
  readonly timeMs: number;
  /** JSON as it was sent. */
  readonly data: string;
  /** Its metadata: names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface KafkaMessage {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The message that an event becomes: its data as sent, without anything around it.
 * @param key picks the partition
 */
export function kafkaMessage(event: KafkaEvent, key: string): KafkaMessage {
  return { key, value: event.data, headers: kafkaMetadata(event) };
}

/** An event's metadata with the entries that Fanout makes, which none of its own displace. */
export function kafkaMetadata({ id, eventType, timeMs, headers }: KafkaEvent): Record<string, string> {
  const system: Record<string, string> = {
    'content-type': 'application/json',
    'event-id': id,
    topic: eventType,
    timestamp: String(Math.floor(timeMs / 1000)),
  };
  const own = Object.entries(headers).filter(([name]) => !Object.hasOwn(system, name.toLowerCase()));
  return Object.fromEntries([...own, ...Object.entries(system)]);
}
