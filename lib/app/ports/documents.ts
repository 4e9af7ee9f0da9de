/** A piece of configuration: an org, a key, an endpoint. */
export interface Document {
  readonly id: string;
  /** The org it belongs to; absent on orgs themselves and on operator keys. */
  readonly orgId?: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Hand it back to read on; absent at the end. */
  readonly nextCursor?: string;
}

export interface ListRequest {
  /** Only what belongs to this org. */
  readonly orgId?: string;
  /** Most items in the page. */
  readonly limit: number;
  readonly cursor?: string;
}

/** The configuration documents of one kind. */
export interface Documents<T extends Document> {
  /** @returns `exists` when the id is taken, `no_org` when the org that it belongs to is not there */
  create(document: T): Promise<'created' | 'exists' | 'no_org'>;
  get(id: string): Promise<T | undefined>;
  /** Ordered by id. May lag behind writes by a moment. */
  list(request: ListRequest): Promise<Page<T>>;
  /**
   * Replaces a document by what `change` makes of it; writes of others in between are not lost. Where `change` gives
   * back the very same object, nothing is written.
   * @returns undefined when there is none
   */
  update(id: string, change: (document: T) => T): Promise<T | undefined>;
  /**
   * Deletes a document, if it belongs to that org: ids of endpoints can be given again, to another org.
   * @returns whether there was one
   */
  delete(document: Document): Promise<boolean>;
}

/** Thrown for a cursor that none of our answers held. */
export class InvalidCursor extends Error {}
