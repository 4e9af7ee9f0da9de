import { expect, test } from 'vitest';
import type { WebhookEndpoint } from '../../lib/core/endpoint.ts';
import type { JournalEvent } from '../../lib/core/journal.ts';
import { whyNotNow, whyNotTargeted } from '../../lib/core/replay.ts';
import { endpoint } from '../endpoints.ts';
import { journalEvent } from '../journal-events.ts';

test.each([
  ['nothing', {}, {}, undefined],
  ['its owner is the endpoint’s', { target: { type: 'fanout', ownerId: 'acme' } }, {}, undefined],
  ['another owner', { target: { type: 'fanout', ownerId: 'globex' } }, {}, 'owner_mismatch'],
  ['it names the endpoint', { target: { type: 'single', endpointId: 'ep_1' } }, {}, undefined],
  ['it names another endpoint', { target: { type: 'single', endpointId: 'ep_2' } }, {}, 'not_targeted'],
  [
    'it names the endpoint for another owner',
    { target: { type: 'single', endpointId: 'ep_1', ownerId: 'globex' } },
    {},
    'owner_mismatch',
  ],
  ['a duplicate', { duplicateOf: 'x' }, {}, 'duplicate'],
  ['a running fan-out', { fanOut: 'running' }, {}, 'fan_out_running'],
  ['a fan-out that is done', { fanOut: 'done' }, {}, undefined],
  ['paused', {}, { status: 'paused' }, 'paused'],
  ['disabled', {}, { status: 'disabled' }, 'disabled'],
  ['another type', {}, { eventTypes: ['invoice.*'] }, 'event_type'],
] as [string, Partial<JournalEvent>, Partial<WebhookEndpoint>, string | undefined][])(
  'why an endpoint that was never attempted does not receive an event: %s',
  (_, event, to, reason) => {
    expect(whyNotTargeted(journalEvent(event), endpoint(to))).toBe(reason);
    expect(whyNotNow(journalEvent(event), endpoint(to), () => undefined)).toBe(reason);
  },
);

test('its filter is asked for with the event’s body', () => {
  const event = journalEvent({ data: '{"n": 1}' });
  const filtered = endpoint({ filter: { data: { n: 1 } } });
  const passes = (n: number) =>
    whyNotNow(
      event,
      filtered,
      () =>
        ({ data }) =>
          (data as { n: number }).n === n,
    );
  expect(passes(1)).toBeUndefined();
  expect(passes(2)).toBe('filter');
});
