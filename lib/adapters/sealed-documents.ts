import type { Document, Documents } from '../app/ports/documents.ts';
import type { Seal } from './seal.ts';

/** A document whose secret fields are stored as one sealed text. */
export type Sealed = Document & { readonly sealed: string };
type Stored = Document & Partial<Sealed>;

/**
 * Documents with secrets in them: their secret fields are sealed before they are written, and opened when they are read.
 * @param secretFields those that nobody who reads the table may see
 */
export function createSealedDocuments<T extends Document>(
  stored: Documents<Sealed>,
  seals: Seal,
  secretFields: readonly string[],
): Documents<T> {
  const isSecret = new Set(secretFields);
  const ownerOf = ({ id, orgId }: Document) => `${orgId}/${id}`;
  const close = (document: T): Sealed => {
    const fields = Object.entries(document);
    const secrets = Object.fromEntries(fields.filter(([name]) => isSecret.has(name)));
    const rest = Object.fromEntries(fields.filter(([name]) => !isSecret.has(name))) as unknown as Document;
    return { ...rest, sealed: seals.seal(JSON.stringify(secrets), ownerOf(document)) };
  };
  /** What was written before anything was sealed is as it is; its next write seals it. */
  const opened = ({ sealed, ...rest }: Stored): T => {
    const secrets = sealed === undefined ? {} : (JSON.parse(seals.open(sealed, ownerOf(rest))) as object);
    return { ...rest, ...secrets } as unknown as T;
  };

  return {
    create: (document) => stored.create(close(document)),
    async get(id) {
      const found = await stored.get(id);
      return found && opened(found);
    },
    async list(request) {
      const { items, ...page } = await stored.list(request);
      return { ...page, items: items.map(opened) };
    },
    async update(id, change) {
      const changed = await stored.update(id, (found) => {
        const before = opened(found);
        const after = change(before);
        return after === before ? found : close(after);
      });
      return changed && opened(changed);
    },
    delete: (document) => stored.delete(document),
  };
}
