import { describe, expect, test } from 'vitest';
import {
  commits,
  eventsOf,
  faultsOf,
  pathsOf,
  payloadsV1,
  payloadsV2,
  posting,
  transactionV1,
  transactionV2,
  v1,
  v2,
} from '../ledger-events.ts';

describe('what a payload need not hold', () => {
  const volumes = { bank: { EUR: { input: 1, output: 2, balance: -1 } } };
  test.each([
    [
      'volumes of all kinds',
      { transactions: [], volumes, preCommitVolumes: volumes, postCommitVolumes: null },
    ],
    ['volumes of a transaction', { transactions: [{ ...transactionV1, postCommitVolumes: volumes }] }],
    ['metadata that Go has left out', { transactions: [{ ...transactionV1, metadata: null }] }],
    ['members that nobody knows', { transactions: [{ ...transactionV1, extra: [1] }], further: {} }],
  ])('%s pass', (_, payload) => {
    expect(faultsOf({ ...v1('COMMITTED_TRANSACTIONS', payload), more: null })).toEqual([]);
  });

  test.each([
    ['COMMITTED_TRANSACTIONS', { transactions: [{ ...transactionV2, reference: 'r', reverted: undefined }] }],
    ['COMMITTED_TRANSACTIONS', { transactions: [transactionV2], accountMetadata: { bank: null } }],
    ['DELETED_METADATA', { ...payloadsV2.DELETED_METADATA, targetId: 'bank' }],
    ['INSERTED_SCHEMA', { schema: { version: '1', chart: { users: {} }, rules: [] } }],
  ])('of %s %j passes in v2', (type, payload) => {
    expect(faultsOf(v2(type, payload))).toEqual([]);
  });
});

describe('amounts', () => {
  const withAmount = (amount: string) => JSON.stringify(commits(transactionV1)).replace('100', amount);
  test.each(['0', '123456789012345678901234567890', '-5'])('%s is taken, as it was written', (amount) => {
    const body = withAmount(amount);
    expect(eventsOf(body)[0]!.value).toBe(body);
  });

  test.each(['1.0', '1e3', '1E30', '0.1', '"100"', 'null', '[]', '{}', 'true'])('%s is refused', (amount) => {
    expect(faultsOf(withAmount(amount))).toEqual([
      'payload.transactions[0].postings[0].amount: must be an integer: a number without fraction and exponent',
    ]);
  });
});

describe('what is missing or wrong in a payload', () => {
  const all = [
    ...Object.entries(payloadsV1).map(([type, payload]) => [type, v1(type, payload), payload] as const),
    ...Object.entries(payloadsV2).map(([type, payload]) => [type, v2(type, payload), payload] as const),
  ];
  test.each(all)('%s needs what its payload holds: %j', (_, event, payload) => {
    const needed = Object.keys(payload).filter((name) => name !== 'accountMetadata');
    for (const name of needed) {
      expect(pathsOf({ ...event, payload: { ...event.payload, [name]: undefined } })).toEqual([
        `payload.${name}`,
      ]);
      expect(pathsOf({ ...event, payload: { ...event.payload, [name]: true } })).toEqual([`payload.${name}`]);
    }
  });

  test.each(['postings', 'reference', 'metadata', 'txid', 'timestamp'])(
    'a transaction of v1 needs %s',
    (name) => {
      expect(faultsOf(commits({ ...transactionV1, [name]: undefined }))).toEqual([
        `payload.transactions[0].${name}: is missing`,
      ]);
    },
  );

  test.each(['postings', 'metadata', 'id', 'timestamp'])('a transaction of v2 needs %s', (name) => {
    const transactions = [{ ...transactionV2, [name]: undefined }];
    expect(pathsOf(v2('COMMITTED_TRANSACTIONS', { transactions }))).toEqual([
      `payload.transactions[0].${name}`,
    ]);
  });

  test.each(['source', 'destination', 'amount', 'asset'])('a posting needs %s', (name) => {
    for (const value of [undefined, null, '', true]) {
      expect(
        pathsOf(commits({ ...transactionV1, postings: [posting, { ...posting, [name]: value }] })),
      ).toEqual([`payload.transactions[0].postings[1].${name}`]);
    }
  });

  test.each([
    [
      'COMMITTED_TRANSACTIONS',
      { transactions: [{ ...transactionV2, reference: 1 }] },
      'transactions[0].reference',
    ],
    [
      'COMMITTED_TRANSACTIONS',
      { transactions: [{ ...transactionV2, reverted: 0 }] },
      'transactions[0].reverted',
    ],
    ['COMMITTED_TRANSACTIONS', { transactions: [{ ...transactionV2, id: 'a' }] }, 'transactions[0].id'],
    ['COMMITTED_TRANSACTIONS', { transactions: [], accountMetadata: { bank: 'a' } }, 'accountMetadata.bank'],
    ['SAVED_METADATA', { ...payloadsV2.SAVED_METADATA, targetId: 12 }, 'targetId'],
    ['DELETED_METADATA', { ...payloadsV2.DELETED_METADATA, targetId: '' }, 'targetId'],
    ['DELETED_METADATA', { ...payloadsV2.DELETED_METADATA, targetId: 1.5 }, 'targetId'],
    ['INSERTED_SCHEMA', { schema: { chart: {} } }, 'schema.version'],
    ['INSERTED_SCHEMA', { schema: { version: '1', chart: [] } }, 'schema.chart'],
    ['INSERTED_SCHEMA', { schema: { version: '1', chart: {}, createdAt: '' } }, 'schema.createdAt'],
  ])('of %s %j is refused in v2', (type, payload, path) => {
    expect(pathsOf(v2(type, payload))).toEqual([`payload.${path}`]);
  });

  test.each(['volumes', 'preCommitVolumes', 'postCommitVolumes'])(
    '%s are integers by account and asset',
    (name) => {
      const volumes = { 'a:b': { EUR: { input: 1.5, output: '2' }, USD: 1 }, c: [] };
      expect(pathsOf(v1('COMMITTED_TRANSACTIONS', { transactions: [], [name]: volumes }))).toEqual([
        `payload.${name}["a:b"].EUR.input`,
        `payload.${name}["a:b"].EUR.output`,
        `payload.${name}["a:b"].USD`,
        `payload.${name}.c`,
      ]);
    },
  );

  test.each(['preCommitVolumes', 'postCommitVolumes'])('so are %s of transactions', (name) => {
    const faults = [`payload.transactions[0].${name}.a`];
    const volumes = { [name]: { a: 1 } };
    expect(pathsOf(commits({ ...transactionV1, ...volumes }))).toEqual(faults);
    const transactions = [{ ...transactionV2, ...volumes }];
    expect(pathsOf(v2('COMMITTED_TRANSACTIONS', { transactions }))).toEqual(faults);
  });
});
