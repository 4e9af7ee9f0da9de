import { expect, onTestFinished, test } from 'vitest';
import { createTurn } from '../../lib/adapters/kafka-turn.ts';

test('a turn is over at its time, also where the process was frozen and its timers come late', () => {
  let nowMs = 0;
  const turn = createTurn(
    10_000,
    { beginByMs: 10_000, endByMs: 10_000 },
    () => nowMs,
    () => {},
  );
  onTestFinished(() => turn.end({}));
  turn.begin();
  nowMs = 9_999;
  expect(turn.isOver).toBe(false);
  nowMs = 10_000;
  expect(turn.isOver).toBe(true);
});
