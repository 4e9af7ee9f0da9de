import { afterAll, beforeAll } from 'vitest';
import type { Engines } from '../../../../infra/local/engines/engines.ts';
import { startEngines } from '../../../../infra/local/engines/engines.ts';

/** Nothing answers there, and nothing asks: it only keeps an engine that a test does not need from being started. */
const notNeeded = 'http://127.0.0.1:9';

/** Starts one real engine for the tests of a file. */
export function useEngine(name: 'kafka' | 'sqs'): () => Engines {
  let engines: Engines | undefined;
  beforeAll(async () => {
    const before = { ...process.env };
    process.env['AWS_ENDPOINT_URL_DYNAMODB'] = notNeeded;
    if (name === 'kafka') process.env['AWS_ENDPOINT_URL_SQS'] = notNeeded;
    else process.env['KAFKA_BROKERS'] = '127.0.0.1:9';
    try {
      engines = await startEngines({ fast: true, say: () => undefined });
    } finally {
      process.env = before;
    }
  }, 90_000);
  afterAll(async () => engines?.stop(), 30_000);
  return () => {
    if (!engines) throw new Error('the engine has not started');
    return engines;
  };
}
