import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { InvalidCursor } from '../../lib/app/ports/documents.ts';
import type { IngestStore, QuarantineReader, QuarantineRemover } from '../../lib/app/ports/events.ts';
import { createEventIds } from '../../lib/core/event-id.ts';
import type { QuarantinedRecord } from '../../lib/core/quarantine.ts';
import type { SourceRecord } from '../../lib/core/source-record.ts';
import { ingestResult } from '../journal-events.ts';
import { record } from '../records.ts';

export interface QuarantineUnderTest {
  readonly store: IngestStore;
  readonly quarantine: QuarantineReader & QuarantineRemover;
  /** Lets the removal of further parts fail after this many. */
  readonly failRemovalAfter: (parts: number) => void;
  /** Takes one part of a record away, as the end of its time does. */
  readonly losePart: (id: string, part: number) => Promise<void>;
}

const ids = createEventIds('contract');
/** The id of a record of partition 0 that was at an offset. */
const idAt = (offset: number, timeMs = 1_700_000_000_000) =>
  ids.encode(timeMs, { source: 1, partition: 0, offset, index: 0 });
const hour = 3_600_000;
const day = 24 * hour;
/** In a future in which nothing expires while the tests run. */
const start = Date.UTC(2040, 2, 1, 0, 30);

/** What every adapter of `QuarantineReader` does, beside the store that writes. Records are kept for 30 days. */
export function quarantineContract(
  adapter: string,
  create: (eventIds: typeof ids, now: () => number) => Promise<QuarantineUnderTest>,
): void {
  describe(`QuarantineReader: ${adapter}`, () => {
    let store: IngestStore;
    let quarantine: QuarantineReader & QuarantineRemover;
    let nowMs: number;
    let written: number;
    let failRemovalAfter: QuarantineUnderTest['failRemovalAfter'];
    let losePart: QuarantineUnderTest['losePart'];

    beforeEach(async () => {
      nowMs = start;
      written = 0;
      ({ store, quarantine, failRemovalAfter, losePart } = await create(ids, () => nowMs));
    });

    const keep = async (atMs: number, parts: Partial<SourceRecord> = {}): Promise<QuarantinedRecord> => {
      const offset = written++;
      const quarantined: QuarantinedRecord = {
        id: idAt(offset),
        source: 'ingest',
        record: { ...record({ offset, value: 'no JSON' }), ...parts },
        rejection: { reason: 'invalid_json', detail: 'is not JSON' },
        quarantinedAtMs: atMs,
      };
      await store.write(ingestResult({ quarantined: [quarantined] }));
      return quarantined;
    };
    const idsOf = (records: readonly QuarantinedRecord[]) => records.map(({ id }) => id);
    const readAll = async (limit: number): Promise<string[]> => {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await quarantine.list(limit, cursor);
        expect(page.records.length).toBeLessThanOrEqual(limit);
        seen.push(...idsOf(page.records));
        cursor = page.nextCursor;
      } while (cursor);
      return seen;
    };

    it.each<[string, Partial<SourceRecord>]>([
      ['as it was', { key: Buffer.from('key'), headers: [['a', Buffer.from('b')]] }],
      [
        'with bytes that are no UTF-8',
        {
          key: Buffer.from([0xff, 0x00, 0xfe]),
          value: Buffer.from([0xc3, 0x28, 0x00]),
          headers: [['a', Buffer.from([0x80, 0xff])]],
        },
      ],
      [
        'with headers of one name, in their order',
        {
          headers: [
            ['a', Buffer.from('1')],
            ['b', Buffer.alloc(0)],
            ['a', Buffer.from('2')],
          ],
        },
      ],
      ['with no key and no value: a tombstone', { key: undefined, value: undefined }],
      ['with an empty key and an empty value', { key: Buffer.alloc(0), value: Buffer.alloc(0) }],
      [
        'with a mebibyte and more that does not get smaller',
        { value: randomBytes(1024 * 1024), key: randomBytes(300_000) },
      ],
      ['with two mebibytes of the same', { value: Buffer.alloc(2 * 1024 * 1024, 'a') }],
    ])('gives a record back %s', async (_, parts) => {
      const kept = await keep(start, parts);
      const found = await quarantine.get(kept.id);
      const { value, ...others } = kept.record;
      // Compared by itself, so that a difference is not printed as a megabyte.
      expect(found!.record.value === undefined).toBe(value === undefined);
      expect(value === undefined || value.equals(found!.record.value!)).toBe(true);
      expect({ ...found!, record: { ...found!.record, value: undefined } }).toEqual({
        ...kept,
        record: { ...others, value: undefined },
      });
      expect(idsOf((await quarantine.list(10)).records)).toEqual([kept.id]);
    });

    it('answers nothing for an id that is not there', async () => {
      await keep(start);
      const unknown = [idAt(1), idAt(0, 1), '', 'x', '\u0000', 'a'.repeat(5000), idAt(0).toLowerCase()];
      for (const id of unknown) expect(await quarantine.get(id), id).toBeUndefined();
    });

    it('finds a record by its place, and nothing at another', async () => {
      await keep(start);
      const kept = await keep(start);
      const place = { source: 1, partition: 0, offset: 1 };
      expect(await quarantine.at(place)).toEqual(kept);
      for (const other of [{ source: 2 }, { partition: 1 }, { offset: 2 }]) {
        expect(await quarantine.at({ ...place, ...other })).toBeUndefined();
      }
    });

    it('takes a record out with all of its parts, and no other', async () => {
      const stays = await keep(start);
      const large = await keep(start + 1, { value: randomBytes(1024 * 1024) });
      await quarantine.remove(idAt(1, 1));
      expect(await readAll(10)).toEqual([large.id, stays.id]);
      await quarantine.remove(large.id);
      await quarantine.remove(large.id);
      expect(await quarantine.get(large.id)).toBeUndefined();
      expect(await quarantine.at({ source: 1, partition: 0, offset: 1 })).toBeUndefined();
      expect(await readAll(10)).toEqual([stays.id]);
    });

    it.each([0, 1, 2])(
      'stays readable when a removal stops after %i parts, and removes the rest later',
      async (parts) => {
        const stays = await keep(start);
        const large = await keep(start + 1, { value: randomBytes(1024 * 1024) });
        failRemovalAfter(parts);
        await expect(quarantine.remove(large.id)).rejects.toThrow();
        const isThere = parts === 0;
        expect(await readAll(10)).toEqual(isThere ? [large.id, stays.id] : [stays.id]);
        expect((await quarantine.get(large.id)) !== undefined).toBe(isThere);
        failRemovalAfter(Infinity);
        await quarantine.remove(large.id);
        expect(await readAll(10)).toEqual([stays.id]);
      },
    );

    it.each([1, 2])(
      'lists a record whose part %i is gone without its bytes, and removes it',
      async (part) => {
        const large = await keep(start, { value: randomBytes(1024 * 1024), key: Buffer.from('key') });
        await losePart(large.id, part);
        const { key, value, headers, ...place } = large.record;
        expect((await quarantine.list(10)).records).toEqual([
          { ...large, record: { ...place, headers: [] }, isIncomplete: true },
        ]);
        expect(await quarantine.get(large.id)).toBeUndefined();
        expect(await quarantine.at({ source: 1, partition: 0, offset: 0 })).toBeUndefined();
        await quarantine.remove(large.id);
        expect(await readAll(10)).toEqual([]);
      },
    );

    it('shows a record that comes again with fewer parts as it is now', async () => {
      const large = await keep(start, { value: randomBytes(1024 * 1024) });
      const small = { ...large, record: { ...large.record, value: Buffer.from('a') } };
      await store.write(ingestResult({ quarantined: [small] }));
      expect(await quarantine.get(large.id)).toEqual(small);
    });

    it('keeps a record that comes again once', async () => {
      const kept = await keep(start);
      await store.write(ingestResult({ quarantined: [kept] }));
      expect(await readAll(10)).toEqual([kept.id]);
    });

    it('lists the newest first, whatever the order of writing', async () => {
      const times = [3, 1, 5, 2, 4];
      for (const at of times) await keep(start + at);
      const newestFirst = [2, 4, 0, 3, 1].map((n) => idAt(n));
      expect(await readAll(100)).toEqual(newestFirst);
    });

    it('lists across days page by page, without gap or repeat, whatever the size of the pages', async () => {
      // Three today, none yesterday, two the day before, one at the very end of the day before that, one long ago.
      for (const [days, ms] of [
        [29, 0],
        [3, day - 1],
        [2, 0],
        [2, 1],
        [0, 0],
        [0, 1],
        [0, 2],
      ] as const) {
        await keep(Math.floor(start / day) * day - days * day + ms);
      }
      const newestFirst = [6, 5, 4, 3, 2, 1, 0].map((n) => idAt(n));
      for (const limit of [1, 2, 3, 4, 5, 6, 7, 8, 100]) {
        expect(await readAll(limit), `pages of ${limit}`).toEqual(newestFirst);
      }
    });

    it('goes on where it was when midnight and a new record come between two pages', async () => {
      for (const at of [0, 1, 2]) await keep(start + at);
      const first = await quarantine.list(2);
      nowMs = start + day;
      await keep(nowMs);
      expect(idsOf((await quarantine.list(2, first.nextCursor)).records)).toEqual([idAt(0)]);
      expect(await readAll(3)).toEqual([idAt(3), idAt(2), idAt(1), idAt(0)]);
    });

    it('has no further page at the end', async () => {
      expect(await quarantine.list(1)).toEqual({ records: [] });
      await keep(start);
      const page = await quarantine.list(1);
      expect(idsOf(page.records)).toEqual([idAt(0)]);
      expect((await quarantine.list(2)).nextCursor).toBeUndefined();
      expect(await quarantine.list(1, page.nextCursor)).toEqual({ records: [] });
    });

    it('refuses a cursor that was made up or changed', async () => {
      for (const at of [0, 1]) await keep(start + at);
      const { nextCursor } = await quarantine.list(1);
      const key = JSON.parse(Buffer.from(nextCursor!, 'base64url').toString()) as Record<string, string>;
      const changed = (parts: object) =>
        Buffer.from(JSON.stringify({ ...key, ...parts })).toString('base64url');
      const madeUp = [
        'garbage',
        ...Object.keys(key).flatMap((name) => [
          changed({ [name]: '' }),
          changed({ [name]: 7 }),
          changed({ [name]: undefined }),
        ]),
        ...['', 'today', '2040', '2040-03', '2040-3-1', '2040-02-31', '9999-01-01', '+099999-01-01'].map(
          (text) => changed({ listing: key['listing']!.replace('2040-03-01', text) }),
        ),
      ];
      for (const cursor of madeUp) {
        const text = Buffer.from(cursor, 'base64url').toString();
        await expect(quarantine.list(1, cursor), text).rejects.toThrow(InvalidCursor);
      }
    });
  });
}
