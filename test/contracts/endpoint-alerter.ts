import { beforeEach, describe, expect, it } from 'vitest';
import type { Documents } from '../../lib/app/ports/documents.ts';
import type { EndpointAlerter, EndpointMarker, EndpointReader } from '../../lib/app/ports/endpoints.ts';
import type { Endpoint, EndpointAlert } from '../../lib/core/endpoint.ts';
import { endpoint } from '../endpoints.ts';
import type { EndpointsUnderTest } from './endpoints.ts';

export interface AlerterUnderTest extends EndpointsUnderTest {
  readonly create: (
    table: Documents<Endpoint>,
    now: () => number,
  ) => EndpointReader & EndpointMarker & EndpointAlerter;
}

const nowMs = Date.now();
const terms = { allowed: 10, disablesAfterMs: 0 };
const percents = (alerts: readonly EndpointAlert[] = []) => alerts.map(({ percent }) => percent);

/** What every adapter of `EndpointAlerter` does, beside what those of `EndpointMarker` do. */
export function endpointAlerterContract(adapter: string, prepare: () => Promise<AlerterUnderTest>): void {
  describe(`EndpointAlerter: ${adapter}`, () => {
    let table: Documents<Endpoint>;
    let endpoints: EndpointReader & EndpointMarker & EndpointAlerter;
    let failUpdates: boolean;

    beforeEach(async () => {
      const prepared = await prepare();
      table = prepared.table;
      failUpdates = false;
      const failing: Documents<Endpoint> = {
        ...table,
        update: (id, change) =>
          table.update(id, (found) => {
            const changed = change(found);
            if (failUpdates) throw new Error('the table is down');
            return changed;
          }),
      };
      endpoints = prepared.create(failing, () => nowMs);
      await table.create(endpoint({ id: 'ep_1' }));
    });

    const alert = (failures: number, sinceMs = nowMs) =>
      endpoints.alert(endpoint({ id: 'ep_1' }), { failures, sinceMs }, terms);
    const found = async () => (await endpoints.byId('ep_1'))!;

    it('tells each percent of a streak once, to one of many at once, and of the next streak again', async () => {
      const told = await Promise.all(Array.from({ length: 8 }, () => alert(7)));
      expect(told.filter((alerts) => alerts.length > 0).map(percents)).toEqual([[70, 50]]);
      expect(percents(await alert(9))).toEqual([90]);
      expect(percents(await alert(5, nowMs + 1))).toEqual([50]);
      expect(percents((await found()).alerts)).toEqual([50, 90, 70, 50]);
      expect(await found()).toMatchObject({ status: 'active', hints: { failing: true } });
    });

    it('disables an endpoint that has had all the failures it may have, and sees that at once', async () => {
      expect((await found()).status).toBe('active');
      expect((await endpoints.page('acme')).items[0]!.status).toBe('active');
      await alert(10);
      expect(await found()).toMatchObject({ status: 'disabled', disabledReason: 'failing' });
      expect((await endpoints.page('acme')).items[0]!.status).toBe('disabled');
    });

    it('keeps what is said of failing apart from the other hints', async () => {
      const others = { slow: true, brokenUntil: new Date(nowMs).toISOString() } as const;
      await alert(5);
      await endpoints.mark(endpoint({ id: 'ep_1' }), others);
      expect((await found()).hints).toEqual({ ...others, failing: true });
      await endpoints.recovered(endpoint({ id: 'ep_1' }));
      expect((await found()).hints).toEqual(others);
      await endpoints.mark(endpoint({ id: 'ep_1' }), {});
      expect((await found()).hints).toEqual({});
      expect(percents((await found()).alerts)).toEqual([50]);
    });

    it('tells nothing that could not be written, and tells it when it can', async () => {
      failUpdates = true;
      expect(await alert(5)).toEqual([]);
      failUpdates = false;
      expect(percents(await alert(5))).toEqual([50]);
    });

    it('makes no endpoint where there is none', async () => {
      expect(
        await endpoints.alert(endpoint({ id: 'ep_2' }), { failures: 10, sinceMs: nowMs }, terms),
      ).toEqual([]);
      await endpoints.recovered(endpoint({ id: 'ep_2' }));
      expect(await table.get('ep_2')).toBeUndefined();
    });
  });
}
