import { beforeEach, describe, expect, it } from 'vitest';
import { chunks } from '../../lib/core/chunks.ts';
import type { Documents } from '../../lib/app/ports/documents.ts';
import type { EndpointMarker, EndpointReader } from '../../lib/app/ports/endpoints.ts';
import type { Endpoint } from '../../lib/core/endpoint.ts';
import { endpoint } from '../endpoints.ts';

/** An adapter under test, the table that it reads, and a hand on its clock and on each of its reads. */
export interface EndpointsUnderTest {
  readonly create: (reads: Documents<Endpoint>, now: () => number) => EndpointReader & EndpointMarker;
  /** Empty, but for the orgs `acme` and `globex`. */
  readonly table: Documents<Endpoint>;
}

const seconds = 1000;

/** What every adapter of `EndpointReader` and `EndpointMarker` does. */
export function endpointsContract(adapter: string, prepare: () => Promise<EndpointsUnderTest>): void {
  describe(`EndpointReader and EndpointMarker: ${adapter}`, () => {
    let table: Documents<Endpoint>;
    let endpoints: EndpointReader & EndpointMarker;
    let nowMs: number;
    let reads: number;
    /** Run around each read of the table: let it fail, or wait. */
    let beforeRead: () => Promise<void>;
    let afterRead: () => Promise<void>;

    const fail = async () => {
      throw new Error('the table is down');
    };

    beforeEach(async () => {
      const prepared = await prepare();
      table = prepared.table;
      nowMs = Date.now();
      reads = 0;
      beforeRead = afterRead = async () => {};
      const watch = async <T>(read: () => Promise<T>): Promise<T> => {
        reads++;
        await beforeRead();
        const found = await read();
        await afterRead();
        return found;
      };
      const watched: Documents<Endpoint> = {
        ...table,
        get: (id) => watch(() => table.get(id)),
        list: (request) => watch(() => table.list(request)),
      };
      endpoints = prepared.create(watched, () => nowMs);
    });

    const add = (id: string, orgId = 'acme') => table.create(endpoint({ id, orgId }));
    const ofOrg = async (orgId: string) => (await endpoints.page(orgId)).items;
    const all = async () => (await endpoints.page(undefined)).items;
    const idsOf = async (found: Promise<readonly Endpoint[]>) => (await found).map(({ id }) => id);
    const asked: [string, () => Promise<unknown>][] = [
      ['byId', () => endpoints.byId('ep_1')],
      ['page of an org', () => ofOrg('acme')],
      ['page of all', () => all()],
    ];

    it('finds an endpoint by its id, those of an org, and all', async () => {
      await Promise.all([add('ep_1'), add('ep_2'), add('ep_3', 'globex')]);
      expect(await endpoints.byId('ep_2')).toEqual(endpoint({ id: 'ep_2' }));
      expect(await idsOf(ofOrg('acme'))).toEqual(['ep_1', 'ep_2']);
      expect(await idsOf(ofOrg('globex'))).toEqual(['ep_3']);
      expect(await idsOf(all())).toEqual(['ep_1', 'ep_2', 'ep_3']);
    });

    it('has no further page for a hundred endpoints, and pages through more of them', async () => {
      const ids = Array.from({ length: 250 }, (_, n) => `ep_${String(n).padStart(3, '0')}`);
      const addAll = async (some: readonly string[]) => {
        for (const few of chunks(some, 30)) await Promise.all(few.map((id) => add(id)));
      };
      await addAll(ids.slice(0, 100));
      expect((await endpoints.page('acme')).nextCursor).toBeUndefined();
      await addAll(ids.slice(100));
      nowMs += 3 * seconds;
      for (const org of ['acme', undefined]) {
        const found: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await endpoints.page(org, cursor);
          found.push(...page.items.map(({ id }) => id));
          cursor = page.nextCursor;
        } while (cursor);
        expect(found).toEqual(ids);
      }
    });

    it('sees a change after two seconds, and reads once until then', async () => {
      await add('ep_1');
      for (const [, ask] of asked) await ask();
      expect(reads).toBe(3);
      await table.update('ep_1', (found) => ({ ...found, status: 'paused' }));
      nowMs += 1.9 * seconds;
      expect((await endpoints.byId('ep_1'))!.status).toBe('active');
      for (const [, ask] of asked) await ask();
      expect(reads).toBe(3);

      nowMs += 0.2 * seconds;
      expect((await endpoints.byId('ep_1'))!.status).toBe('paused');
      expect((await ofOrg('acme'))[0]!.status).toBe('paused');
      expect((await all())[0]!.status).toBe('paused');
      expect(reads).toBe(6);
    });

    it.each(asked)('makes one read of many calls of %s at once', async (_, ask) => {
      await add('ep_1');
      const answers = await Promise.all(Array.from({ length: 50 }, ask));
      expect(reads).toBe(1);
      nowMs += 3 * seconds;
      await Promise.all(Array.from({ length: 50 }, ask));
      expect(reads).toBe(2);
      for (const answer of answers) expect(answer).toEqual(answers[0]);
    });

    it('sees a first endpoint at once', async () => {
      expect(await endpoints.byId('ep_1')).toBeUndefined();
      expect(await ofOrg('acme')).toEqual([]);
      expect(await all()).toEqual([]);
      await add('ep_1');
      expect(await endpoints.byId('ep_1')).toMatchObject({ id: 'ep_1' });
      expect(await idsOf(ofOrg('acme'))).toEqual(['ep_1']);
      expect(await idsOf(all())).toEqual(['ep_1']);
    });

    it('sees a first endpoint although a read that began before it is still under way', async () => {
      const { promise: slow, resolve: goOn } = Promise.withResolvers<void>();
      const { promise: read, resolve: hasRead } = Promise.withResolvers<void>();
      afterRead = async () => {
        hasRead();
        await slow;
      };
      const before = ofOrg('acme');
      await read;
      await add('ep_1');
      const after = [ofOrg('acme'), ofOrg('acme')];
      goOn();
      expect(await before).toEqual([]);
      for (const found of after) expect(await idsOf(found)).toEqual(['ep_1']);
      expect(reads).toBe(2);
    });

    it.each(asked)(
      'rejects %s when the table has never been read: it does not say "none"',
      async (_, ask) => {
        await add('ep_1');
        beforeRead = fail;
        await expect(ask()).rejects.toThrow('the table is down');
        nowMs += 60 * seconds;
        await expect(ask()).rejects.toThrow('the table is down');
        beforeRead = async () => {};
        await expect(ask()).resolves.toBeTruthy();
      },
    );

    it.each(asked)('answers %s from what it knows for 30 seconds, then rejects', async (_, ask) => {
      await add('ep_1');
      const known = await ask();
      beforeRead = fail;
      for (let times = 1; times <= 4; times++) {
        nowMs += 7 * seconds;
        expect(await ask()).toEqual(known);
      }
      nowMs += 3 * seconds;
      await expect(ask()).rejects.toThrow('the table is down');
      nowMs += 60 * seconds;
      await expect(ask()).rejects.toThrow('the table is down');
      beforeRead = async () => {};
      expect(await ask()).toEqual(known);
    });

    it.each(asked)('rejects %s after 30 seconds also when reads fail slowly and overlap', async (_, ask) => {
      await add('ep_1');
      await ask();
      const hanging: (() => void)[] = [];
      beforeRead = () =>
        new Promise((_, reject) => hanging.push(() => reject(new Error('the table is down'))));
      const answers: Promise<unknown>[] = [];
      // A call each second for a minute; each read fails nine seconds after it began.
      for (let second = 1; second <= 60; second++) {
        nowMs += seconds;
        const answer = ask();
        answer.catch(() => {});
        answers.push(answer);
        if (second % 9 === 0) for (const giveUp of hanging.splice(0)) giveUp();
        await new Promise(setImmediate);
      }
      for (const giveUp of hanging.splice(0)) giveUp();
      const results = await Promise.allSettled(answers);
      expect(results[3]!.status).toBe('fulfilled');
      expect(results.slice(40).map(({ status }) => status)).toEqual(
        Array.from({ length: 20 }, () => 'rejected'),
      );
    });

    it('forgets what was deleted, and does not answer from what it knew before', async () => {
      await add('ep_1');
      for (const [, ask] of asked) await ask();
      await table.delete({ id: 'ep_1', orgId: 'acme' });
      nowMs += 3 * seconds;
      expect(await endpoints.byId('ep_1')).toBeUndefined();
      expect(await ofOrg('acme')).toEqual([]);
      expect(await all()).toEqual([]);
      beforeRead = fail;
      for (const [, ask] of asked) await expect(ask()).rejects.toThrow('the table is down');
    });

    it('disables an endpoint that is gone, and sees that at once', async () => {
      await Promise.all([add('ep_1'), add('ep_2')]);
      for (const [, ask] of asked) await ask();
      await Promise.all(Array.from({ length: 20 }, () => endpoints.disableGone(endpoint({ id: 'ep_1' }))));
      expect(await table.get('ep_1')).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
      expect(await endpoints.byId('ep_1')).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
      const statuses = (found: readonly Endpoint[]) => found.map(({ status }) => status);
      expect(statuses(await ofOrg('acme'))).toEqual(['disabled', 'active']);
      expect(statuses(await all())).toEqual(['disabled', 'active']);
    });

    it('leaves an endpoint as it is that somebody else has disabled, and none where there is none', async () => {
      await table.create(endpoint({ id: 'ep_1', status: 'disabled' }));
      await endpoints.disableGone(endpoint({ id: 'ep_1' }));
      expect(await table.get('ep_1')).toEqual(endpoint({ id: 'ep_1', status: 'disabled' }));
      await endpoints.disableGone(endpoint({ id: 'ep_2' }));
      expect(await table.get('ep_2')).toBeUndefined();
    });

    it.each([
      ['has another URL by now', { url: 'https://example.com/other' }],
      ['is another org’s by now', { orgId: 'globex' }],
      ['was deleted and made again', { createdAt: '2026-02-01T00:00:00.000Z' }],
    ])('leaves an endpoint as it is that %s', async (_, change) => {
      const changed = endpoint({ id: 'ep_1', ...change });
      await table.create(changed);
      await endpoints.disableGone(endpoint({ id: 'ep_1' }));
      await endpoints.mark(endpoint({ id: 'ep_1' }), { slow: true });
      expect(await table.get('ep_1')).toEqual(changed);
    });
  });
}
