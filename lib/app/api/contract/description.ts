import { type ZodObject, type ZodType, z } from 'zod';
import type { ProblemKind } from '../problem.ts';

/** What operations are grouped by, in the order in which a reader meets them. */
export const tags = {
  Orgs: 'Tenants. Everything but sources, keys of operators and the quarantine belongs to one.',
  Keys: 'Keys of the API. A key is shown once, in the answer that makes it.',
  Endpoints: "Where an org's events are delivered: webhooks, and topics on the tenant's own Kafka.",
  Events: 'Events of an org: published over HTTP or ingested from Kafka, and what became of them.',
  Deliveries: 'One event on its way to one endpoint.',
  Replays: 'Deliveries made once more, at a bounded speed.',
  Streams: "An org's own Kafka topics and the credentials that read them; AsyncAPI: `GET /asyncapi.json`.",
  Publishing: "Notifications, prices and ledger events, published to the org's stream.",
  Runs: 'Kafka action nodes of workflows, and what consumers report back.',
  Sources: 'Kafka topics that are ingested. For operators.',
  Quarantine: 'Records that can never become events, with their bytes. For operators.',
  Service: 'Open to anyone.',
} as const;

export type Tag = keyof typeof tags;

/** JSON Schema. */
export type JsonSchema = Record<string, unknown>;

/**
 * What a schema that checks requests does not say, by the path of the field (`config.url`, `logs[].log`): a text, or parts of
 * JSON Schema that go on top. A path that leads nowhere is an error, so that nothing here can be out of date.
 */
export type FieldNotes = Readonly<Record<string, string | JsonSchema>>;

/** A schema with the name that it has among the document's components. */
export interface NamedSchema {
  readonly name: string;
  readonly schema: ZodType;
  readonly fields?: FieldNotes;
}

/** What a caller reads of an operation beside what the operation itself says: its roles and its body. */
export interface OperationDescription {
  /** What clients that are generated call it. */
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly query?: { readonly schema: ZodObject; readonly fields?: FieldNotes };
  readonly body?: {
    readonly name: string;
    /** Where the operation reads its body by itself. */
    readonly schema?: ZodType;
    readonly fields?: FieldNotes;
    /** By their names: bodies that work. */
    readonly examples: Readonly<Record<string, unknown>>;
  };
  readonly answer: {
    readonly status: 200 | 201 | 202 | 204;
    readonly description: string;
    readonly schema?: NamedSchema;
  };
  /** Those that not every operation of its form has. */
  readonly problems?: readonly ProblemKind[];
  /** Whether it needs no key. */
  readonly isOpen?: true;
}

/** By route key. */
export type Descriptions = Readonly<Record<string, OperationDescription>>;

/** A time in an answer. */
export const time = z.iso.datetime();

/** A page of a list. */
export function pageOf({ name, schema }: NamedSchema): NamedSchema {
  return {
    name: `${name}Page`,
    schema: z.object({
      data: z.array(schema),
      next_cursor: z
        .string()
        .nullable()
        .describe(
          'For `cursor` of the next call; null on the last page. A page may be short, or empty, before it.',
        ),
    }),
  };
}

/** Notes on the parameters of every list. */
export const listNotes: FieldNotes = {
  limit: 'Entries of a page at most.',
  cursor: '`next_cursor` of the page before.',
};
