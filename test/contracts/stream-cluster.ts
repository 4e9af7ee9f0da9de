import { describe, expect, it } from 'vitest';
import type { Progress, StreamCluster } from '../../lib/app/ports/stream-cluster.ts';
import type { ClusterCapacity } from '../../lib/core/stream-capacity.ts';

/** What of a prefix is on the cluster, however that is found out. */
export interface StreamClusterUnderTest {
  readonly cluster: StreamCluster;
  readonly topics: (prefix: string) => Promise<readonly string[]>;
  readonly users: (username: string) => Promise<readonly string[]>;
}

let orgs = 0;

/** What every adapter of `StreamCluster` does with topics and users. */
export function streamClusterContract(
  adapter: string,
  create: (capacity: ClusterCapacity) => Promise<StreamClusterUnderTest>,
): void {
  const roomy = { mostUsers: 1000, mostPartitions: 10_000 };
  const freshOrg = () => `contract${orgs++}`;
  /** What a call that is repeated answers in the end: what is underway shows itself after some calls. */
  const inTheEnd = async (call: () => Promise<Progress>): Promise<Progress> => {
    for (let calls = 1; calls < 5; calls++) await call();
    return call();
  };

  describe(`StreamCluster: ${adapter}`, () => {
    it('makes topics, says in the end that it is done, and leaves those that are there as they are', async () => {
      const { cluster, topics } = await create(roomy);
      const org = freshOrg();
      await cluster.ensureTopics([`${org}.runs`], 2);
      expect(await inTheEnd(() => cluster.ensureTopics([`${org}.runs`, `${org}.ledger`], 2))).toBe('done');
      // A broker tells of its topics a moment after it has changed them.
      await expect.poll(() => topics(`${org}.`)).toEqual([`${org}.ledger`, `${org}.runs`]);
    });

    it('removes topics, also when some are gone, and says in the end that it is done', async () => {
      const { cluster, topics } = await create(roomy);
      const org = freshOrg();
      const names = [`${org}.runs`, `${org}.ledger`];
      await inTheEnd(() => cluster.ensureTopics(names, 1));
      await cluster.removeTopics([names[0]!]);
      expect(await inTheEnd(() => cluster.removeTopics(names))).toBe('done');
      await expect.poll(() => topics(`${org}.`)).toEqual([]);
    });

    it('makes a user, as often as it is asked to, and removes it as often', async () => {
      const { cluster, users } = await create(roomy);
      const user = { username: `${freshOrg()}.a`, password: 'first-password' };
      expect(await inTheEnd(() => cluster.ensureUser(user))).toBe('done');
      expect(await cluster.ensureUser({ ...user, password: 'second-password' })).toBe('done');
      await expect.poll(() => users(user.username)).toEqual([user.username]);
      expect(await inTheEnd(() => cluster.removeUser(user.username))).toBe('done');
      await expect.poll(() => users(user.username)).toEqual([]);
      expect(await cluster.ensureUser(user)).toBe('done');
    });

    it('tells what there is no room for, and is not short of what is there', async () => {
      const org = freshOrg();
      const need = { topics: [`${org}.runs`], partitions: 3, usernames: [`${org}.a`] };
      const full = await create({ mostUsers: 0, mostPartitions: 0 });
      expect(await full.cluster.shortage(need)).toMatchObject({ of: 'partitions', most: 0 });
      const { cluster } = await create(roomy);
      expect(await cluster.shortage(need)).toBeUndefined();
      await inTheEnd(() => cluster.ensureTopics(need.topics, need.partitions));
      expect(await full.cluster.shortage(need)).toMatchObject({ of: 'users', most: 0 });
      await cluster.ensureUser({ username: `${org}.a`, password: 'a-password' });
      // A broker tells of its users a moment after it has changed them, too.
      await expect.poll(() => full.cluster.shortage(need)).toBeUndefined();
    });

    it('says how consumers connect', async () => {
      const { cluster } = await create(roomy);
      expect(await cluster.connection()).toEqual({
        bootstrapServers: expect.stringMatching(/^[^\s,]+:\d+(,[^\s,]+:\d+)*$/) as string,
        securityProtocol: expect.stringMatching(/^SASL_(SSL|PLAINTEXT)$/) as string,
      });
    });
  });
}
