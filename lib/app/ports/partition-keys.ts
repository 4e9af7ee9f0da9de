import type { KafkaEvent } from '../../core/kafka-message.ts';

/** Evaluates what an endpoint's `partition_key_template` says a message's key is. */
export interface PartitionKeys {
  /** @returns why the template cannot be used, with the place of the fault, or undefined when it can */
  fault(template: string): string | undefined;
  /**
   * The key of the event's message: what the template gives, or the event's id when that is nothing (missing, null,
   * an empty text), the template fails, takes too long, or is more than a path where the data has more than 16 KiB. An
   * endpoint whose keys take too much time in all gets the events' ids for the next minute. A whole number is
   * written without an exponent. Never throws.
   * @param endpointId whose time it is; without it, nobody's
   */
  keyOf(template: string | undefined, event: KafkaEvent, endpointId?: string): string;
}
