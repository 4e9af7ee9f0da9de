import { expect, it } from 'vitest';
import { createOutage, reasonOf } from '../../../infra/local/outage.ts';

function listen() {
  const said: string[] = [];
  const outage = createOutage(
    (line) => said.push(line),
    (reason) => `broken: ${reason}`,
    'works',
  );
  return { outage, said };
}

it('says an outage once and its end once', () => {
  const { outage, said } = listen();

  outage.worked('a');
  for (let time = 0; time < 3; time += 1) outage.failed('a', new Error('frozen'));
  outage.worked('a');
  outage.worked('a');

  expect(said).toEqual(['broken: frozen', 'works']);
});

it('is over when the last thing works that failed', () => {
  const { outage, said } = listen();

  outage.failed('a', 'x');
  outage.failed('b', 'y');
  outage.worked('a');
  expect(said).toEqual(['broken: x']);
  outage.worked('b');

  expect(said).toEqual(['broken: x', 'works']);
});

it('says nothing about what is no concern any more', () => {
  const { outage, said } = listen();

  outage.failed('a', 'x');
  outage.forget('a');

  expect(said).toEqual(['broken: x']);
});

it.each([
  [new Error('plain'), 'plain'],
  [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [new TypeError(), 'TypeError'],
  ['text', 'text'],
])('finds words for %o', (thrown, words) => {
  expect(reasonOf(thrown)).toBe(words);
});
