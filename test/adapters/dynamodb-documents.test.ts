import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';

/** A client whose calls are answered here, one after the other: why a transaction is refused, or `done`. */
function clientAnswering(answers: (string[] | 'done')[]): DynamoDBClient {
  const client = new DynamoDBClient({ region: 'local' });
  client.middlewareStack.add(
    () => async () => {
      const codes = answers.shift();
      if (codes === 'done') return { response: {}, output: { $metadata: {} } };
      const CancellationReasons = codes!.map((Code) => ({ Code }));
      throw new TransactionCanceledException({ message: 'refused', $metadata: {}, CancellationReasons });
    },
    { step: 'initialize' },
  );
  return client;
}

// DynamoDB Local lets transactions wait for each other; DynamoDB refuses one of two that meet.
test('a document is created although others of its org are created at the same moment', async () => {
  const conflict = ['None', 'TransactionConflict'];
  const documents = createDocuments(clientAnswering([conflict, conflict, 'done']), 'config', 'KEY');
  expect(await documents.create({ id: 'k1', orgId: 'acme' })).toBe('created');
});

test.each([
  [['ConditionalCheckFailed', 'None'], 'exists'],
  [['None', 'ConditionalCheckFailed'], 'no_org'],
  [['ConditionalCheckFailed', 'ConditionalCheckFailed'], 'no_org'],
])('a document that is refused because of %j: %s', async (codes, outcome) => {
  const conflict = ['TransactionConflict', 'None'];
  const documents = createDocuments(clientAnswering([conflict, codes]), 'config', 'KEY');
  expect(await documents.create({ id: 'k1', orgId: 'acme' })).toBe(outcome);
});

test('a table that cannot be written is an error', async () => {
  const documents = createDocuments(clientAnswering([['None', 'ThrottlingError']]), 'config', 'KEY');
  await expect(documents.create({ id: 'k1', orgId: 'acme' })).rejects.toThrow('refused');
});
