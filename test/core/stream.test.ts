import { describe, expect, test } from 'vitest';
import {
  endedUsers,
  hasWork,
  madeReady,
  newStream,
  refused,
  rotated,
  type Stream,
  streamPrefix,
  topicNames,
  usernameOf,
  usernamesOf,
  wantedUsers,
  withoutUsers,
} from '../../lib/core/stream.ts';

const now = Date.UTC(2026, 0, 1);
const minute = 60_000;
const userOf = (unique: string) => ({ username: usernameOf('acme', unique), password: unique });
const stream = newStream('acme', 1, userOf('first'), now);
const ready = madeReady(stream, now);
const error = { class: 'capacity', step: 'capacity', message: 'full' } as const;

describe('names', () => {
  test('all begin with the org, then a dot, which no id of an org has', () => {
    const names = [...topicNames(stream), ...usernamesOf(stream)];
    expect(names).toEqual(['acme.runs', 'acme.ledger', 'acme.notifications', 'acme.prices', 'acme.first']);
  });

  test.each([
    ['acme', 'acme-a'],
    ['acme', 'acme_'],
    ['a', 'aa'],
  ])('of %s and %s never meet, nor is one the beginning of the other', (one, other) => {
    const namesOf = (orgId: string) => [...topicNames({ ...stream, orgId }), usernameOf(orgId, 'first')];
    expect(namesOf(one).filter((name) => name.startsWith(streamPrefix(other)))).toEqual([]);
    expect(namesOf(other).filter((name) => name.startsWith(streamPrefix(one)))).toEqual([]);
  });
});

describe('a rotation', () => {
  const rotating = rotated(ready, userOf('second'), 10 * minute, now);

  test('lets both users in until the new one has taken over, and the old one for the overlap', () => {
    expect(wantedUsers(rotating).map(({ username }) => username)).toEqual(['acme.first', 'acme.second']);
    const after = madeReady(rotating, now + minute);
    expect(after).toMatchObject({
      state: 'ready',
      user: userOf('second'),
      former: { username: 'acme.first', untilMs: now + 11 * minute },
    });
    expect(after.next).toBeUndefined();
    expect(after.user).not.toHaveProperty('overlapMs');
    expect(endedUsers(after, now + 11 * minute - 1)).toEqual([]);
    expect(endedUsers(after, now + 11 * minute)).toEqual(['acme.first']);
    expect(withoutUsers(after, ['acme.first']).former).toBeUndefined();
  });

  test('within the overlap of another ends the former user', () => {
    const again = rotated(madeReady(rotating, now), userOf('third'), 0, now);
    expect(again.next).toMatchObject(userOf('third'));
    expect(again.former).toBeUndefined();
    expect(endedUsers(again, now)).toEqual(['acme.first']);
    expect(usernamesOf(again)).toEqual(['acme.second', 'acme.third', 'acme.first']);
    expect(endedUsers(withoutUsers(again, ['acme.first']), now)).toEqual([]);
  });

  test('that there is no room for leaves the stream as it was, with the reason, and ends the new user', () => {
    const after = refused(rotating, error, now);
    expect(after).toMatchObject({ state: 'ready', user: { username: 'acme.first' }, error });
    expect(after.next).toBeUndefined();
    expect(endedUsers(after, now)).toEqual(['acme.second']);
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
  ['ready, with a user who has ended', { state: 'ready', ended: ['acme.b'] }, true],
  ['failed, with a user who has ended', { state: 'failed', ended: ['acme.b'] }, true],
])('a stream that is %s: something to do is %s', (_name, change, expected) => {
  expect(hasWork({ ...stream, ...change }, now)).toBe(expected);
});
