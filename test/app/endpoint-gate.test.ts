import { beforeEach, describe, expect, test } from 'vitest';
import { type EndpointGate, createEndpointGate } from '../../lib/app/endpoint-gate.ts';
import type { EndpointMarker } from '../../lib/app/ports/endpoints.ts';
import type { Attempt } from '../../lib/core/attempt.ts';
import type { Endpoint } from '../../lib/core/endpoint.ts';
import { endpoint } from '../endpoints.ts';

const seconds = 1000;
let nowMs: number;
/** The endpoint as the table has it. Environments read it again some seconds later. */
let stored: Endpoint;
let marks: number;

const marker: EndpointMarker = {
  disableGone: async () => {},
  mark: async (_, hints) => {
    marks++;
    stored = { ...stored, hints };
  },
};
const environment = (): EndpointGate => createEndpointGate(marker, 1000, () => nowMs);
const answered = (statusCode: number, latencyMs = 5): Attempt => ({ atMs: nowMs, latencyMs, statusCode });

beforeEach(() => {
  nowMs = 1_700_000_000_000;
  stored = endpoint({ id: 'ep_1' });
  marks = 0;
});

async function report(gate: EndpointGate, times: number, attempt: Attempt): Promise<void> {
  for (let time = 0; time < times; time++) await gate.report(stored, attempt);
}

describe('a broken endpoint', () => {
  test('gets nothing until its time is over, then one trial at a time', async () => {
    const gate = environment();
    await report(gate, 10, answered(500));
    expect(gate.passage(stored)).toEqual({ is: 'broken', untilMs: nowMs + 30 * seconds });
    nowMs += 30 * seconds;
    expect(gate.passage(stored).is).toBe('open');
    expect(gate.passage(stored).is).toBe('broken');
    await gate.report(stored, answered(500));
    expect(gate.passage(stored)).toEqual({ is: 'broken', untilMs: nowMs + 60 * seconds });
    nowMs += 60 * seconds;
    expect(gate.passage(stored).is).toBe('open');
    await gate.report(stored, answered(200));
    expect([gate.passage(stored).is, gate.passage(stored).is]).toEqual(['open', 'open']);
  });

  test('is known to other environments, and known to be well again when one of them found it so', async () => {
    const [one, other] = [environment(), environment()];
    await report(one, 10, answered(500));
    expect(other.passage(stored).is).toBe('broken');
    nowMs += 30 * seconds;
    expect(one.passage(stored).is).toBe('open');
    await one.report(stored, answered(200));
    expect(stored.hints!.brokenUntil).toBeUndefined();
    expect([other.passage(stored).is, other.passage(stored).is]).toEqual(['open', 'open']);
  });

  test('is forgotten with its target: another URL is tried at once, also under an id that was given again', async () => {
    const gate = environment();
    const { hints, ...changed } = endpoint({ id: 'ep_1', url: 'https://example.com/mended' });
    await report(gate, 10, answered(500));
    expect(gate.passage(stored).is).toBe('broken');
    expect(gate.passage(changed).is).toBe('open');
    expect(gate.passage({ ...changed, createdAt: '2026-01-01T00:00:00.000Z' }).is).toBe('open');
  });

  test('whose trial never came back gets another one', async () => {
    const gate = environment();
    await report(gate, 10, answered(500));
    nowMs += 30 * seconds;
    expect(gate.passage(stored).is).toBe('open');
    nowMs += 39 * seconds;
    expect(gate.passage(stored).is).toBe('broken');
    nowMs += 1 * seconds;
    expect(gate.passage(stored).is).toBe('open');
  });
});

describe('a slow endpoint', () => {
  test('is slow at once here, and soon everywhere', async () => {
    const [one, other] = [environment(), environment()];
    const aborted: Attempt = { atMs: nowMs, latencyMs: 1000, error: 'aborted' };
    await report(one, 3, aborted);
    expect([one.passage(stored).is, one.lane(stored)]).toEqual(['slow', 'slow']);
    expect([other.passage(stored).is, other.lane(stored)]).toEqual(['slow', 'slow']);
    expect(marks).toBe(1);
  });

  test('that the others find fast again is fast here too', async () => {
    const [ingest, slowLane] = [environment(), environment()];
    await report(ingest, 3, answered(200, 700));
    await report(slowLane, 4, answered(200));
    expect(ingest.lane(stored)).toBe('slow');
    await report(slowLane, 1, answered(200));
    expect(stored.hints).toEqual({ slow: false });
    nowMs += 11 * seconds;
    expect([ingest.passage(stored).is, ingest.lane(stored)]).toEqual(['open', 'usual']);
  });
});

test('attempts that say nothing new write nothing', async () => {
  const gate = environment();
  await report(gate, 100, answered(200));
  expect(marks).toBe(1);
  await report(gate, 100, answered(200, 800));
  expect(marks).toBe(2);
  // Not slow any more, and broken.
  await report(gate, 100, answered(500));
  expect(marks).toBe(4);
});

test('what was written is not written again by who has read the endpoint before', async () => {
  const gate = environment();
  const read = stored;
  for (let time = 0; time < 100; time++) await gate.report(read, answered(200));
  expect(marks).toBe(1);
});

describe('an endpoint that nobody knows', () => {
  const unknown = endpoint({ id: 'ep_2' });
  const cut = (latencyMs: number): Attempt => ({ atMs: nowMs - latencyMs, latencyMs, error: 'aborted' });

  test('gets what patience there is, a little at least, and is left to the queue once it was cut, but not among the slow ones', async () => {
    const gate = environment();
    expect(gate.passage(stored)).toEqual({ is: 'open', patienceMs: 300 });
    nowMs += 200;
    await gate.report(stored, cut(200));
    expect([gate.passage(stored), gate.lane(stored)]).toEqual([{ is: 'slow', inMs: 1000 }, 'usual']);
    expect(gate.passage(unknown)).toEqual({ is: 'open', patienceMs: 100 });
    nowMs += 100;
    await gate.report(unknown, cut(100));
    const third = endpoint({ id: 'ep_3' });
    expect([gate.passage(third), gate.lane(third)]).toEqual([{ is: 'open', patienceMs: 30 }, 'usual']);
    nowMs += 29 * seconds;
    expect(gate.passage(stored)).toEqual({ is: 'slow', inMs: 1000 });
    nowMs += 1 * seconds;
    expect([gate.passage(stored), gate.lane(stored)]).toEqual([{ is: 'open', patienceMs: 300 }, 'usual']);
  });

  test('has all the time there is once anybody found it fast', async () => {
    const gate = environment();
    await report(environment(), 5, answered(200));
    expect(gate.passage(stored)).toEqual({ is: 'open' });
    await gate.report(stored, cut(1000));
    expect(gate.passage(stored)).toEqual({ is: 'open' });
    expect(gate.passage(unknown)).toEqual({ is: 'open', patienceMs: 300 });
  });
});
