import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { listsOf, walkDown } from '../../lib/adapters/event-list-walk.ts';

/** What the client keeps open, unless it is told otherwise: a query beyond them waits, and times out while it does. */
const connections = 50;

it.each([undefined, 'acme'])(
  'a month without events is walked over the connections that there are: %s',
  async (orgId) => {
    let [underWay, most, queries] = [0, 0, 0];
    const table = {
      async send() {
        queries++;
        most = Math.max(most, ++underWay);
        await wait(1);
        underWay--;
        return { Items: [] };
      },
    } as unknown as DynamoDBClient;
    const lists = listsOf(orgId);
    const since = Date.UTC(2040, 0, 1);
    let hours = 0;
    for await (const stretch of walkDown(table, 'events', lists, '2040-01-31T23~', since))
      hours += stretch.hours;
    expect(hours).toBe(31 * 24);
    expect(queries).toBeGreaterThanOrEqual(hours * lists.length);
    expect(most).toBeLessThan(connections);
    expect(most).toBeGreaterThanOrEqual(24);
  },
);
