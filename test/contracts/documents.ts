import { beforeEach, describe, expect, it } from 'vitest';
import { type Document, type Documents, InvalidCursor } from '../../lib/app/ports/documents.ts';

interface Note extends Document {
  readonly words: readonly string[];
}

interface Org extends Document {
  readonly name?: string;
}

/** Two kinds of documents in one empty store, for orgs and for what belongs to them. */
export interface DocumentStores {
  readonly orgs: Documents<Org>;
  readonly notes: Documents<Note>;
}

const note = (id: string, orgId?: string): Note => ({ id, orgId, words: [] });
const ids = (documents: readonly Document[]) => documents.map(({ id }) => id);

/** What every adapter of `Documents` does. */
export function documentsContract(adapter: string, create: () => Promise<DocumentStores>): void {
  describe(`Documents: ${adapter}`, () => {
    let orgs: Documents<Org>;
    let notes: Documents<Note>;

    beforeEach(async () => {
      ({ orgs, notes } = await create());
      await Promise.all([orgs.create({ id: 'acme' }), orgs.create({ id: 'globex' })]);
    });

    it('reads back what was created, as it was', async () => {
      const kept = { ...note('n1', 'acme'), words: ['ünï', '\ud83d\ude00', ''] };
      expect(await notes.create(kept)).toBe('created');
      expect(await notes.get('n1')).toEqual(kept);
      expect(await notes.get('n2')).toBeUndefined();
    });

    it('refuses an id that is taken, also by another org, and leaves the first as it was', async () => {
      await notes.create(note('n1', 'acme'));
      expect(await notes.create({ ...note('n1', 'acme'), words: ['other'] })).toBe('exists');
      expect(await notes.create(note('n1', 'globex'))).toBe('exists');
      expect(await notes.get('n1')).toEqual(note('n1', 'acme'));
    });

    it('lets exactly one of many have the same id', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, n) => notes.create({ ...note('n1', 'acme'), words: [String(n)] })),
      );
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'exists')).toHaveLength(7);
      const winner = outcomes.indexOf('created');
      expect((await notes.get('n1'))!.words).toEqual([String(winner)]);
    });

    it('creates many in one org at once', async () => {
      const many = Array.from({ length: 25 }, (_, n) => note(`n${n}`, 'acme'));
      const outcomes = await Promise.all(many.map((document) => notes.create(document)));
      expect(new Set(outcomes)).toEqual(new Set(['created']));
    });

    it('refuses what belongs to an org that is not there, or not any more', async () => {
      expect(await notes.create(note('n1', 'nobody'))).toBe('no_org');
      await orgs.delete({ id: 'globex' });
      expect(await notes.create(note('n1', 'globex'))).toBe('no_org');
      expect(await notes.get('n1')).toBeUndefined();
    });

    it('keeps kinds apart: the same id can be of both', async () => {
      expect(await notes.create(note('acme', 'acme'))).toBe('created');
      expect(ids((await orgs.list({ limit: 10 })).items)).toEqual(['acme', 'globex']);
      expect(ids((await notes.list({ limit: 10 })).items)).toEqual(['acme']);
      await notes.delete(note('acme', 'acme'));
      expect(await orgs.get('acme')).toEqual({ id: 'acme' });
    });

    it('lists by id, those of one org or all, page by page without gap or repeat', async () => {
      for (const id of ['n5', 'n3', 'n1', 'n4', 'n2']) await notes.create(note(id, 'acme'));
      await notes.create(note('n0', 'globex'));
      for (const limit of [1, 2, 5, 6, 100]) {
        expect(await readAll({ limit, orgId: 'acme' })).toEqual(['n1', 'n2', 'n3', 'n4', 'n5']);
        expect(await readAll({ limit })).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5']);
      }
      const page = await notes.list({ limit: 2, orgId: 'acme' });
      expect(ids(page.items)).toEqual(['n1', 'n2']);
      expect((await notes.list({ limit: 100, orgId: 'acme' })).nextCursor).toBeUndefined();
      expect(await notes.list({ limit: 100, orgId: 'nobody' })).toEqual({ items: [] });
    });

    it('reads on behind a document that was deleted in between', async () => {
      for (const id of ['n1', 'n2', 'n3']) await notes.create(note(id, 'acme'));
      const { nextCursor } = await notes.list({ limit: 2, orgId: 'acme' });
      await notes.delete(note('n2', 'acme'));
      expect(ids((await notes.list({ limit: 2, orgId: 'acme', cursor: nextCursor })).items)).toEqual(['n3']);
    });

    it('lists what belongs to no org by itself', async () => {
      await notes.create(note('free'));
      await notes.create(note('bound', 'acme'));
      expect(ids((await notes.list({ limit: 10, orgId: '-' })).items)).toEqual(['free']);
      expect(ids((await notes.list({ limit: 10, orgId: 'acme' })).items)).toEqual(['bound']);
    });

    it('refuses the cursor of another org’s list, another kind’s, and the list of all', async () => {
      for (const org of ['acme', 'globex']) {
        for (const n of [1, 2]) await notes.create(note(`${org}-${n}`, org));
      }
      const cursorOf = async (orgId?: string) => (await notes.list({ limit: 1, orgId })).nextCursor;
      const cursor = await cursorOf('globex');
      const ofKind = (await orgs.list({ limit: 1 })).nextCursor;
      expect([cursor, ofKind]).not.toContain(undefined);
      await expect(notes.list({ limit: 1, orgId: 'acme', cursor })).rejects.toThrow(InvalidCursor);
      await expect(notes.list({ limit: 1, cursor })).rejects.toThrow(InvalidCursor);
      await expect(notes.list({ limit: 1, cursor: ofKind })).rejects.toThrow(InvalidCursor);
      const ofAll = await cursorOf();
      await expect(notes.list({ limit: 1, orgId: 'acme', cursor: ofAll })).rejects.toThrow(InvalidCursor);
    });

    it('refuses a cursor that was made up or changed', async () => {
      for (const n of [1, 2]) await notes.create(note(`n${n}`, 'acme'));
      const { nextCursor } = await notes.list({ limit: 1, orgId: 'acme' });
      const key = JSON.parse(Buffer.from(nextCursor!, 'base64url').toString()) as Record<string, string>;
      const changed = (parts: object) =>
        Buffer.from(JSON.stringify({ ...key, ...parts })).toString('base64url');
      const [first] = Object.keys(key) as [string];
      const madeUp = [
        'garbage',
        '{}',
        '\u0000',
        ...['null', '7', '"text"', '[]', '{}'].map((json) => Buffer.from(json).toString('base64url')),
        changed({ more: 'x' }),
        ...Object.keys(key).flatMap((name) => [
          changed({ [name]: '' }),
          changed({ [name]: 7 }),
          changed({ [name]: null }),
          changed({ [name]: undefined }),
          changed({ [name]: 'x'.repeat(1500) }),
        ]),
        nextCursor!.slice(0, -5),
        changed({ [first]: undefined }),
      ];
      for (const cursor of madeUp) {
        const page = notes.list({ limit: 1, orgId: 'acme', cursor });
        await expect(page, Buffer.from(cursor, 'base64url').toString()).rejects.toThrow(InvalidCursor);
      }
    });

    it('changes a document, and says when there is none', async () => {
      await notes.create(note('n1', 'acme'));
      const change = (found: Note): Note => ({ ...found, words: [...found.words, 'new'] });
      expect(await notes.update('n1', change)).toEqual({ ...note('n1', 'acme'), words: ['new'] });
      expect(await notes.get('n1')).toEqual({ ...note('n1', 'acme'), words: ['new'] });
      expect((await notes.list({ limit: 1, orgId: 'acme' })).items[0]!.words).toEqual(['new']);
      expect(await notes.update('n2', change)).toBeUndefined();
      expect(await notes.get('n2')).toBeUndefined();
    });

    it('loses no word when many add theirs at once', async () => {
      await notes.create(note('n1', 'acme'));
      const words = Array.from({ length: 20 }, (_, n) => `word ${n}`);
      await Promise.all(
        words.map((word) => notes.update('n1', (found) => ({ ...found, words: [...found.words, word] }))),
      );
      expect([...(await notes.get('n1'))!.words].sort()).toEqual(words.sort());
    });

    it('leaves a document alone when the change throws', async () => {
      await notes.create(note('n1', 'acme'));
      const change = () => {
        throw new Error('no');
      };
      await expect(notes.update('n1', change)).rejects.toThrow('no');
      expect(await notes.get('n1')).toEqual(note('n1', 'acme'));
    });

    it('deletes, and says whether there was something to delete', async () => {
      await notes.create(note('n1', 'acme'));
      expect(await notes.delete(note('n1', 'globex'))).toBe(false);
      expect(await notes.delete(note('n1', 'acme'))).toBe(true);
      expect(await notes.delete(note('n1', 'acme'))).toBe(false);
      expect(await notes.get('n1')).toBeUndefined();
      expect((await notes.list({ limit: 10, orgId: 'acme' })).items).toEqual([]);
      expect(await notes.create(note('n1', 'globex'))).toBe('created');
    });

    async function readAll(request: { limit: number; orgId?: string }): Promise<string[]> {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await notes.list({ ...request, cursor });
        expect(page.items.length).toBeLessThanOrEqual(request.limit);
        seen.push(...ids(page.items));
        cursor = page.nextCursor;
      } while (cursor);
      return seen;
    }
  });
}
