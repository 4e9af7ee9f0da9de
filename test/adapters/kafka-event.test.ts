import { expect, test } from 'vitest';
import { batchFailures, offsetsOf, recordsOf } from '../../lib/adapters/kafka-event.ts';
import { record } from '../records.ts';

test('each partition goes on from the lowest offset that was not reached', () => {
  const at = (partition: number, offset: number) => record({ partition, offset });
  expect(batchFailures([at(0, 7), at(0, 5), at(3, 9)])).toEqual({
    batchItemFailures: [
      { itemIdentifier: { partition: 'fanout.ingest-0', offset: 5 } },
      { itemIdentifier: { partition: 'fanout.ingest-3', offset: 9 } },
    ],
  });
  expect(batchFailures([])).toEqual({ batchItemFailures: [] });
});

test('records are read from the shape that Lambda documents, for MSK and for a self-managed Kafka', () => {
  const [one] = recordsOf({
    eventSource: 'SelfManagedKafka',
    bootstrapServers: 'b-1.example.com:9092',
    records: {
      'mytopic-0': [
        {
          topic: 'mytopic',
          partition: 0,
          offset: 15,
          timestamp: 1545084650987,
          timestampType: 'CREATE_TIME',
          key: 'abcDEFghiJKLmnoPQRstuVWXyz1234==',
          value: 'SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==',
          headers: [{ headerKey: [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101, -1] }],
        },
      ],
    },
  });
  expect(one).toMatchObject({ topic: 'mytopic', partition: 0, offset: 15, timestampMs: 1545084650987 });
  expect(one!.value!.toString()).toBe('Hello, this is a test.');
  expect(one!.headers).toEqual([
    ['headerKey', Buffer.concat([Buffer.from('headerValue'), Buffer.from([0xff])])],
  ]);
});

test('an operator finds a batch by the offsets of each of its partitions', () => {
  const at = (partition: number, offset: number) => ({
    topic: 't',
    partition,
    offset,
    timestampMs: 0,
    headers: [],
  });
  const records = [at(0, 7), at(0, 8), at(0, 9), at(3, 5)];
  expect(offsetsOf(records.map((record) => ({ ...record, key: undefined, value: undefined })))).toEqual({
    0: '7-9',
    3: '5-5',
  });
});
