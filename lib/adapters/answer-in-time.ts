import { Problem } from '../app/api/problem.ts';
import { within } from './within.ts';

/** The API gives up after 30 s, a cold start included, with an answer of its own that says nothing. */
const mostMs = 26_000;

/**
 * Waits for an answer for as long as the API does, less a moment: stores and clusters that hang are waited for one after the other.
 * @throws Problem when it takes longer; what is under way is left to itself
 */
export function answerInTime<Answer>(answering: Promise<Answer>): Promise<Answer> {
  return within(mostMs, answering, () => {
    throw tookTooLong();
  });
}

function tookTooLong(): Problem {
  const detail =
    'This takes too long, and may be done all the same. A call with an Idempotency-Key can be made again as it was.';
  return new Problem('unavailable', detail, [], { cause: new Error(`no answer within ${mostMs} ms`) });
}
