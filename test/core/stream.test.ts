import { describe, expect, test } from 'vitest';
import {
  hasWork,
  madeReady,
  newStream,
  refused,
  rotated,
  type Stream,
  streamPrefix,
  topicNames,
  usernames,
  wantedUsers,
} from '../../lib/core/stream.ts';

const now = Date.UTC(2026, 0, 1);
const minute = 60_000;
const stream = newStream('acme', 1, 'first', now);
const ready = madeReady(stream, now);
const error = { class: 'capacity', step: 'capacity', message: 'full' } as const;

describe('names', () => {
  test('all begin with the org, then a dot, which no id of an org has', () => {
    const names = [...topicNames(stream), ...usernames('acme')];
    expect(names).toEqual([
      'acme.runs',
      'acme.ledger',
      'acme.notifications',
      'acme.prices',
      'acme.a',
      'acme.b',
    ]);
  });

  test.each([
    ['acme', 'acme-a'],
    ['acme', 'acme_'],
    ['a', 'aa'],
  ])('of %s and %s never meet, nor is one the beginning of the other', (one, other) => {
    const namesOf = (orgId: string) => [...topicNames({ ...stream, orgId }), ...usernames(orgId)];
    expect(namesOf(one).filter((name) => name.startsWith(streamPrefix(other)))).toEqual([]);
    expect(namesOf(other).filter((name) => name.startsWith(streamPrefix(one)))).toEqual([]);
  });
});

describe('a rotation', () => {
  const rotating = rotated(ready, 'second', 10 * minute, now);

  test('lets both users in until the new one has taken over, and the old one for the overlap', () => {
    expect(wantedUsers(rotating).map(({ username }) => username)).toEqual(['acme.a', 'acme.b']);
    const after = madeReady(rotating, now + minute);
    expect(after).toMatchObject({
      state: 'ready',
      user: { username: 'acme.b', password: 'second' },
      former: { username: 'acme.a', untilMs: now + 11 * minute },
    });
    expect(after.next).toBeUndefined();
    expect(after.user).not.toHaveProperty('overlapMs');
  });

  test('goes back to the first name, and ends a former user who has it', () => {
    const again = rotated(madeReady(rotating, now), 'third', 0, now);
    expect(again.next).toMatchObject({ username: 'acme.a', password: 'third' });
    expect(again.former).toBeUndefined();
  });

  test('that there is no room for leaves the stream as it was, with the reason', () => {
    const after = refused(rotating, error, now);
    expect(after).toMatchObject({ state: 'ready', user: { username: 'acme.a' }, error });
    expect(after.next).toBeUndefined();
  });
});

test('a stream that there is no room for has failed', () => {
  expect(refused(stream, error, now)).toMatchObject({ state: 'failed', error });
});

test.each<[string, Partial<Stream>, boolean]>([
  ['provisioning', { state: 'provisioning' }, true],
  ['rotating', { state: 'rotating' }, true],
  ['deleting', { state: 'deleting' }, true],
  ['ready', { state: 'ready' }, false],
  ['failed', { state: 'failed' }, false],
  ['ready, in an overlap', { state: 'ready', former: { username: 'acme.b', untilMs: now + 1 } }, false],
  ['ready, after an overlap', { state: 'ready', former: { username: 'acme.b', untilMs: now } }, true],
])('a stream that is %s: something to do is %s', (_name, change, expected) => {
  expect(hasWork({ ...stream, ...change }, now)).toBe(expected);
});
