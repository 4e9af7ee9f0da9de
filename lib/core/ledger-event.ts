import { type ReadEvent, eventTexts, parseBody, readEvents, withoutRepeats } from './event-texts.ts';
import { type FieldFault, type Report, faultList, memberPath } from './field-faults.ts';
import { type Rule, matching, nullable, objectWith, oneOf, optional, string, time } from './json-rules.ts';
import { type LedgerEventType, type PayloadRules, payloadsV1, payloadsV2 } from './ledger-payloads.ts';
import { type JsonObject, type JsonValue, isObject } from './templates/json-value.ts';

/** An event of a ledger, on its way to the topic of its type. */
export interface LedgerEvent {
  readonly type: LedgerEventType;
  /** The ledger's name; the key of the record. */
  readonly ledger: string;
  /** RFC 3339, as it was written. */
  readonly date: string;
  /** Only v2 has one. */
  readonly idempotencyKey?: string;
  /** JSON text, exactly as it was sent, so that amounts of any size survive. */
  readonly value: string;
  readonly shape: LedgerShape;
}

/** The first version of the ledger that sends events of this shape. */
export type LedgerShape = keyof typeof shapes;

/** A v2 ledger allows 63 letters, digits, `_` and `-`; v1 allows what a database takes. */
const ledgerName = matching(
  /^[A-Za-z0-9_.-]{1,255}$/,
  'must be 1 to 255 letters, digits, dots, underscores and dashes',
);

interface Shape {
  /** What stands beside date, type, app, version and payload. */
  readonly envelope: Readonly<Record<string, Rule>>;
  /** What each payload holds beside what its type asks for. */
  readonly payload: Readonly<Record<string, Rule>>;
  readonly payloads: PayloadRules;
}

const shapes = {
  /** To v1.9. Of its `app` and `version`, which came with v1.8, none is needed. */
  'v1.3': { envelope: { ledger: ledgerName }, payload: {}, payloads: payloadsV1 },
  'v1.10': { envelope: {}, payload: { ledger: ledgerName }, payloads: payloadsV1 },
  v2: {
    envelope: {
      // Ledgers write an empty one where none was given.
      idempotency_key: optional(
        // It comes from a header of HTTP.
        nullable(
          matching(/^[\x20-\x7e]{0,256}$/, 'must be a string of at most 256 printable ASCII characters'),
        ),
      ),
    },
    payload: { ledger: ledgerName },
    payloads: payloadsV2,
  },
} satisfies Record<string, Shape>;

export type LedgerEvents =
  | { readonly events: readonly LedgerEvent[] }
  /** All of them, the first 100. */
  | { readonly faults: readonly FieldFault[] };

/**
 * Reads what ledgers publish: one event or an array of 1 to 500, each of at most 256 KiB and 32 levels, in the shapes
 * of v1.3 to v1.9, v1.10 and v2. Members beyond those of its shape and type pass. An event that stands there twice, with the same key
 * of its ledger and the same text, is taken once, where it stands first.
 * @param body JSON text
 * @returns the events in their order, or what is wrong with which of them: no event is taken unless all are
 */
export function readLedgerEvents(body: string): LedgerEvents {
  const { faults, report } = faultList();
  const value = parseBody(body, report);
  if (value === undefined) return { faults };
  const texts = Array.isArray(value)
    ? eventTexts(body, value.length, '', report)
    : [{ path: '', text: body }];
  const read = readEvents(texts, checkEvent, report);
  const once = withoutRepeats(read, idOf, 'idempotency_key', report);
  return faults.length > 0 ? { faults } : { events: once.map(ledgerEvent) };
}

function checkEvent({ event, path }: ReadEvent, report: Report): void {
  const { envelope, payload, payloads }: Shape = shapes[shapeOf(event)];
  const types = Object.keys(payloads) as LedgerEventType[];
  const type = types.find((known) => known === event['type']);
  const rule = objectWith({
    date: time,
    type: oneOf(types),
    app: optional(string),
    version: optional(oneOf(['v1', 'v2'])),
    ...envelope,
    payload: objectWith({ ...payload, ...(type && payloads[type]) }),
  });
  rule(event, path, report);

  const outer = event['ledger'];
  const inner = payloadLedger(event);
  if (outer !== undefined && inner !== undefined && outer !== inner) {
    const innerPath = memberPath(memberPath(path, 'payload'), 'ledger');
    report(innerPath, 'must be the same as ledger beside the payload, or absent');
  }
}

/** By which consumers tell repeats. What is no key of a ledger has its own fault already. */
function idOf(event: JsonObject): string | undefined {
  const { idempotency_key: key } = event;
  const ledger = payloadLedger(event);
  const isKeyed = shapeOf(event) === 'v2' && typeof key === 'string' && key !== '';
  return isKeyed && typeof ledger === 'string' ? keyedId(ledger, key) : undefined;
}

/**
 * The id of an event that its ledger has given a key: another ledger of the org may use the same key. No ledger's name holds a
 * colon.
 */
export function keyedId(ledger: string, idempotencyKey: string): string {
  return `${ledger}:${idempotencyKey}`;
}

/** What has no ledger anywhere counts as v1.3, as the reference shows it. */
function shapeOf(event: JsonObject): LedgerShape {
  if (event['version'] === 'v2') return 'v2';
  return event['ledger'] === undefined && payloadLedger(event) !== undefined ? 'v1.10' : 'v1.3';
}

function payloadLedger({ payload }: JsonObject): JsonValue | undefined {
  return payload !== undefined && isObject(payload) ? payload['ledger'] : undefined;
}

/** @param read an event without faults */
function ledgerEvent({ event, text }: ReadEvent): LedgerEvent {
  const shape = shapeOf(event);
  const idempotencyKey = shape === 'v2' ? (event['idempotency_key'] as string | null | undefined) : undefined;
  return {
    type: event['type'] as LedgerEventType,
    ledger: (shape === 'v1.3' ? event['ledger'] : payloadLedger(event)) as string,
    date: event['date'] as string,
    ...(idempotencyKey && { idempotencyKey }),
    value: text,
    shape,
  };
}
