/** Event types go into an HTTP header, so they are 1 to 256 printable ASCII characters without outer spaces. */
export const eventTypePattern = /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/;

/** What an endpoint subscribes to: `*`, an exact type, or a prefix such as `order.*`. */
export const eventTypeFilterPattern = /^(?:\*|[\x21-\x29\x2b-\x7e]{1,256}|[\x21-\x29\x2b-\x7e]{1,254}\.\*)$/;

/** Whether one of an endpoint's `event_types` stands for the type. */
export function matchesEventType(filters: readonly string[], eventType: string): boolean {
  return filters.some(
    (filter) =>
      filter === '*' ||
      filter === eventType ||
      (filter.endsWith('.*') && eventType.startsWith(filter.slice(0, -1))),
  );
}
