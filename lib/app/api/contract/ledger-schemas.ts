import { z } from 'zod';

/** Ledger events for readers of the documents; what checks them is core's, which keeps amounts of any size. */

const integer = z.int().describe('Of any size.');
const filled = z.string().min(1);
const time = z.iso.datetime({ offset: true });
const anyObject = z.looseObject({});
const metadata = anyObject.nullable();
const orNothing = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().optional();

const posting = z.looseObject({ source: filled, destination: filled, amount: integer, asset: filled });
const volumes = orNothing(
  z.record(
    z.string(),
    z.record(z.string(), z.looseObject({ input: integer, output: integer, balance: integer.optional() })),
  ),
);
const ofTransactions = {
  postings: z.array(posting),
  metadata,
  timestamp: time,
  preCommitVolumes: volumes,
  postCommitVolumes: volumes,
};
const transactionV1 = z.looseObject({ ...ofTransactions, reference: z.string(), txid: integer });
const transactionV2 = z.looseObject({
  ...ofTransactions,
  id: integer,
  reference: z.string().optional(),
  reverted: z.boolean().optional(),
});
const savedMetadata = { targetType: filled, targetId: filled, metadata };

const payloadsV1 = {
  COMMITTED_TRANSACTIONS: {
    transactions: z.array(transactionV1),
    volumes,
    preCommitVolumes: volumes,
    postCommitVolumes: volumes,
  },
  SAVED_METADATA: savedMetadata,
  UPDATED_MAPPING: { mapping: z.looseObject({ contracts: orNothing(z.array(anyObject)) }) },
  REVERTED_TRANSACTION: { revertedTransaction: transactionV1, revertTransaction: transactionV1 },
};
const payloadsV2 = {
  COMMITTED_TRANSACTIONS: {
    transactions: z.array(transactionV2),
    accountMetadata: orNothing(z.record(z.string(), metadata)),
  },
  SAVED_METADATA: savedMetadata,
  REVERTED_TRANSACTION: { revertedTransaction: transactionV2, revertTransaction: transactionV2 },
  DELETED_METADATA: { targetType: filled, targetId: z.union([filled, integer]), key: filled },
  INSERTED_SCHEMA: {
    schema: z.looseObject({ version: filled, chart: anyObject, createdAt: time.optional() }),
  },
};

const ledger = z.string().regex(/^[A-Za-z0-9_.-]{1,255}$/);
const app = z.string().optional();

/** One schema for each type in a shape. */
function shapeOf<Payloads extends Record<string, z.ZodRawShape>>(
  payloads: Payloads,
  envelope: z.ZodRawShape,
  inPayload: z.ZodRawShape,
) {
  const types = Object.entries(payloads).map(([type, payload]) =>
    z.looseObject({
      date: time,
      type: z.literal(type),
      app,
      ...envelope,
      payload: z.looseObject({ ...inPayload, ...payload }),
    }),
  );
  return z.union(types);
}

const version = z.literal('v1').optional();
/** An integer that is beyond what JSON.parse keeps is still an integer, so that these say nothing of its size. */
export const ledgerEventV1 = shapeOf(payloadsV1, { version, ledger }, { ledger: ledger.optional() });
export const ledgerEventV1Point10 = shapeOf(payloadsV1, { version }, { ledger });
export const ledgerEventV2 = shapeOf(
  payloadsV2,
  {
    version: z.literal('v2'),
    idempotency_key: z
      .string()
      .regex(/^[\x20-\x7e]{0,256}$/)
      .nullish(),
  },
  { ledger },
);
export const ledgerEvent = z.union([ledgerEventV1, ledgerEventV1Point10, ledgerEventV2]);
