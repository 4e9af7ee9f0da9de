import { describe, expect, test } from 'vitest';
import { ledgerEvent } from '../../../../lib/app/api/contract/ledger-schemas.ts';
import { streamingEvent } from '../../../../lib/app/api/contract/publishing.ts';
import { readLedgerEvents } from '../../../../lib/core/ledger-event.ts';
import { readStreamingEvents } from '../../../../lib/core/streaming-event.ts';
import { ledgerExample, streamingExample } from '../../../documented-events.ts';
import { payloadsV1, payloadsV2, saved, saves, v1, v1Point10, v1Point8, v2 } from '../../../ledger-events.ts';

/** What is described of these events and what checks them are written apart, so that they are held against each other. */

const accepted = [
  ...Object.entries(payloadsV1).flatMap(([type, payload]) => [
    v1(type, payload),
    v1Point8(type, payload),
    v1Point10(type, payload),
  ]),
  ...Object.entries(payloadsV2).map(([type, payload]) => v2(type, payload)),
  JSON.parse(ledgerExample) as object,
  { ...v2('SAVED_METADATA', saved), idempotency_key: null },
] as Record<string, unknown>[];

/** Each event without one of its members, or with another in its place, two levels down. */
function* changesOf(event: Record<string, unknown>): Iterable<Record<string, unknown>> {
  for (const name of Object.keys(event)) {
    const { [name]: value, ...rest } = event;
    yield rest;
    for (const other of [7, 1.5, '', 'text', null, true, [], {}]) yield { ...rest, [name]: other };
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
    for (const inner of changesOf(value as Record<string, unknown>)) yield { ...rest, [name]: inner };
  }
}

function namesTwoLedgers({ ledger, payload }: Record<string, unknown>): boolean {
  const { ledger: inner } = (payload ?? {}) as { ledger?: unknown };
  return ledger !== undefined && inner !== undefined && ledger !== inner;
}

const isLedgerEvent = (event: unknown) => 'events' in readLedgerEvents(JSON.stringify(event));
const isStreamingEvent = (event: unknown) => 'events' in readStreamingEvents(JSON.stringify(event));

describe('a ledger event', () => {
  test.each(accepted)('that is taken is described: $type, version $version', (event) => {
    expect(isLedgerEvent(event)).toBe(true);
    expect(ledgerEvent.safeParse(event).success).toBe(true);
  });

  test('that is not as described is refused, and the other way round', () => {
    let changes = 0;
    for (const event of accepted) {
      for (const changed of changesOf(event)) {
        const text = JSON.stringify(changed);
        // That two ledgers are the same is nothing that a schema can say.
        if (namesTwoLedgers(changed)) {
          expect(isLedgerEvent(changed), text).toBe(false);
          continue;
        }
        expect(ledgerEvent.safeParse(JSON.parse(text)).success, text).toBe(isLedgerEvent(changed));
        changes++;
      }
    }
    expect(changes).toBeGreaterThan(1000);
    expect(isLedgerEvent({ ...saves, ledger: 'a b' })).toBe(false);
    expect(ledgerEvent.safeParse({ ...saves, ledger: 'a b' }).success).toBe(false);
  });
});

test('a notification that is not as described is refused, and the other way round', () => {
  const example = JSON.parse(streamingExample) as Record<string, unknown>;
  expect(streamingEvent.safeParse(example).success).toBe(true);
  for (const changed of changesOf(example)) {
    // Without an id it would be looked at as a bundle.
    if (!('id' in changed)) continue;
    const text = JSON.stringify(changed);
    expect(streamingEvent.safeParse(JSON.parse(text)).success, text).toBe(isStreamingEvent(changed));
  }
});
