import { afterAll, beforeAll } from 'vitest';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { startWatchedFanout } from './canaries.ts';
import { type FanoutClient, connectClient } from './fanout-client.ts';
import { consumersSuite } from './org-streams/consumers.ts';
import { provisioningSuite } from './org-streams/provisioning.ts';
import { publishingSuite } from './org-streams/publishing.ts';
import { runsSuite } from './org-streams/runs.ts';

let fanout: Fanout;
let client: FanoutClient;
const log: string[] = [];

beforeAll(async () => {
  fanout = await startWatchedFanout({ log: (line) => log.push(line) });
  client = await connectClient(fanout);
});
afterAll(async () => {
  await client?.stop();
  await fanout?.stop();
});

const running = () => ({ fanout, client, log });
provisioningSuite(running);
publishingSuite(running);
runsSuite(running);
consumersSuite(running);
