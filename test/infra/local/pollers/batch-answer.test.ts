import { describe, expect, it } from 'vitest';
import { readKafkaAnswer, readSqsAnswer } from '../../../../infra/local/pollers/batch-answer.ts';

const kafkaItem = (partition: unknown, offset: unknown) => ({ itemIdentifier: { partition, offset } });
const answer = (...batchItemFailures: unknown[]) => ({ batchItemFailures });

describe.each([
  ['a Kafka batch', (returned: unknown) => readKafkaAnswer(returned, 'orders-3', 10, 19)],
  ['an SQS batch', (returned: unknown) => readSqsAnswer(returned, new Set(['a', 'b']))],
])('the answer for %s', (_, read) => {
  it.each([[undefined], [null], [{}], [{ other: 1 }], [answer()], [{ batchItemFailures: null }]])(
    'that is %j means that all of it is done',
    (returned) => expect(read(returned)).toEqual({ kind: 'done' }),
  );

  it.each([
    ['done'],
    [7],
    [[]],
    [{ batchItemFailures: 'a' }],
    [answer(null)],
    [answer('')],
    [answer({ itemIdentifier: null })],
    [answer({ itemIdentifier: '' })],
    [answer({ itemidentifier: 'a' })],
  ])('that is %j is malformed', (returned) => expect(read(returned).kind).toBe('malformed'));
});

describe('the answer for a Kafka batch', () => {
  it.each([
    ['one offset', answer(kafkaItem('orders-3', 12)), 12],
    ['the lowest of several', answer(kafkaItem('orders-3', 15), kafkaItem('orders-3', 11)), 11],
    ['the first', answer(kafkaItem('orders-3', 10)), 10],
    ['the last', answer(kafkaItem('orders-3', 19)), 19],
  ])('with %s fails from there on', (_, returned, offset) => {
    expect(readKafkaAnswer(returned, 'orders-3', 10, 19)).toEqual({ kind: 'failed', items: [offset] });
  });

  it.each([
    ['a string', answer({ itemIdentifier: 'orders-3-12' }), 'orders-3-12'],
    ['another partition', answer(kafkaItem('orders-4', 12)), 'orders-4'],
    ['one good and one bad', answer(kafkaItem('orders-3', 12), kafkaItem('other-0', 12)), 'other-0'],
    ['an offset before', answer(kafkaItem('orders-3', 9)), '9'],
    ['an offset behind', answer(kafkaItem('orders-3', 20)), '20'],
    ['an offset as a string', answer(kafkaItem('orders-3', '12')), '"12"'],
    ['no offset', answer(kafkaItem('orders-3', undefined)), 'nothing'],
  ])('with %s is malformed, and says what it was', (_, returned, said) => {
    const read = readKafkaAnswer(returned, 'orders-3', 10, 19);

    expect(read).toMatchObject({ kind: 'malformed', reason: expect.stringContaining(said) as string });
  });
});

describe('the answer for an SQS batch', () => {
  const ids = new Set(['a', 'b', 'c']);

  it('names the messages that failed', () => {
    const returned = answer({ itemIdentifier: 'a' }, { itemIdentifier: 'c' });

    expect(readSqsAnswer(returned, ids)).toEqual({ kind: 'failed', items: ['a', 'c'] });
  });

  it('that names an unknown message is malformed as a whole', () => {
    const returned = answer({ itemIdentifier: 'a' }, { itemIdentifier: 'x' });

    expect(readSqsAnswer(returned, ids)).toMatchObject({
      kind: 'malformed',
      reason: expect.stringContaining('"x"') as string,
    });
  });
});
