import { type LedgerEvent, readLedgerEvents } from '../lib/core/ledger-event.ts';

/** What events of ledgers are made of. */
export const date = '2024-01-15T10:30:00Z';
export const posting = { source: 'world', destination: 'bank', amount: 100, asset: 'EUR/2' };
export const transactionV1 = { postings: [posting], reference: '', metadata: {}, txid: 0, timestamp: date };
export const transactionV2 = { postings: [posting], metadata: {}, id: 0, timestamp: date, reverted: false };
/** What any payload of SAVED_METADATA holds. */
export const saved = { targetType: 'ACCOUNT', targetId: 'bank', metadata: { a: 'b' } };

/** What each type's payload holds, less the ledger. */
export const payloadsV1 = {
  COMMITTED_TRANSACTIONS: { transactions: [transactionV1] },
  SAVED_METADATA: saved,
  UPDATED_MAPPING: { mapping: { contracts: [{ id: '1', expr: {}, account: '*' }] } },
  REVERTED_TRANSACTION: { revertedTransaction: transactionV1, revertTransaction: transactionV1 },
};
export const payloadsV2 = {
  COMMITTED_TRANSACTIONS: { transactions: [transactionV2], accountMetadata: { bank: { a: 'b' } } },
  SAVED_METADATA: saved,
  REVERTED_TRANSACTION: { revertedTransaction: transactionV2, revertTransaction: transactionV2 },
  DELETED_METADATA: { targetType: 'TRANSACTION', targetId: 12, key: 'a' },
  INSERTED_SCHEMA: { schema: { version: 'v1.0.0', chart: {}, createdAt: date } },
};

/** Events of each shape: of v1.3, v1.8, v1.10 and v2. */
export const v1 = (type: string, payload: object) => ({ date, type, payload, ledger: 'main' });
export const v1Point8 = (type: string, payload: object) => ({
  ...v1(type, { ...payload, ledger: 'main' }),
  app: 'ledger',
  version: 'v1',
});
export const v1Point10 = (type: string, payload: object) => ({
  date,
  app: 'ledger',
  version: 'v1',
  type,
  payload: { ...payload, ledger: 'main' },
});
export const v2 = (type: string, payload: object) => ({ ...v1Point10(type, payload), version: 'v2' });

export const saves = v1('SAVED_METADATA', saved);
export const commits = (transaction: object) => v1('COMMITTED_TRANSACTIONS', { transactions: [transaction] });

/** The events of a body without faults. */
export function eventsOf(body: string): readonly LedgerEvent[] {
  const read = readLedgerEvents(body);
  if ('faults' in read) throw new Error(JSON.stringify(read.faults));
  return read.events;
}

/** The faults as `path: message`. */
export function faultsOf(value: unknown): string[] {
  const read = readLedgerEvents(typeof value === 'string' ? value : JSON.stringify(value));
  return 'faults' in read ? read.faults.map(({ path, message }) => `${path}: ${message}`) : [];
}

export const pathsOf = (value: unknown) =>
  faultsOf(value).map((fault) => fault.slice(0, fault.indexOf(': ')));
