import {
  type Rule,
  boolean,
  filledString,
  integer,
  integerOrFilledString,
  listOf,
  mapOf,
  nullable,
  object,
  objectWith,
  optional,
  string,
  time,
} from './json-rules.ts';

/** The types of ledger events: four of v1, and two that v2 has added. */
export const ledgerEventTypes = [
  'COMMITTED_TRANSACTIONS',
  'SAVED_METADATA',
  'UPDATED_MAPPING',
  'REVERTED_TRANSACTION',
  'DELETED_METADATA',
  'INSERTED_SCHEMA',
] as const;

export type LedgerEventType = (typeof ledgerEventTypes)[number];

/** What payloads of each type must hold beside their ledger. Further members pass. */
export type PayloadRules = Readonly<Partial<Record<LedgerEventType, Readonly<Record<string, Rule>>>>>;

/** Ledgers are written in Go, where an empty map or list may become null. */
const orNothing = (rule: Rule) => optional(nullable(rule));

const postings = listOf(
  objectWith({ source: filledString, destination: filledString, amount: integer, asset: filledString }),
);

/** By account, then by asset. */
const volumes = orNothing(
  mapOf(mapOf(objectWith({ input: integer, output: integer, balance: optional(integer) }))),
);

const metadata = nullable(object);

const transactionV1 = objectWith({
  postings,
  reference: string,
  metadata,
  txid: integer,
  timestamp: time,
  preCommitVolumes: volumes,
  postCommitVolumes: volumes,
});

const transactionV2 = objectWith({
  postings,
  reference: optional(string),
  metadata,
  id: integer,
  timestamp: time,
  reverted: optional(boolean),
  preCommitVolumes: volumes,
  postCommitVolumes: volumes,
});

const savedMetadata = { targetType: filledString, targetId: filledString, metadata };

export const payloadsV1: PayloadRules = {
  COMMITTED_TRANSACTIONS: {
    transactions: listOf(transactionV1),
    volumes,
    preCommitVolumes: volumes,
    postCommitVolumes: volumes,
  },
  SAVED_METADATA: savedMetadata,
  UPDATED_MAPPING: { mapping: objectWith({ contracts: orNothing(listOf(object)) }) },
  REVERTED_TRANSACTION: { revertedTransaction: transactionV1, revertTransaction: transactionV1 },
};

export const payloadsV2: PayloadRules = {
  COMMITTED_TRANSACTIONS: {
    transactions: listOf(transactionV2),
    accountMetadata: orNothing(mapOf(metadata)),
  },
  SAVED_METADATA: savedMetadata,
  REVERTED_TRANSACTION: { revertedTransaction: transactionV2, revertTransaction: transactionV2 },
  // The id of a transaction is a number here, and a string in SAVED_METADATA.
  DELETED_METADATA: { targetType: filledString, targetId: integerOrFilledString, key: filledString },
  INSERTED_SCHEMA: {
    schema: objectWith({ version: filledString, chart: object, createdAt: optional(time) }),
  },
};
