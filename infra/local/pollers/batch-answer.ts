/**
 * What a function's answer says about a batch, once the invocation itself has succeeded. `malformed` means that
 * nothing can be told from it, so that Lambda repeats the whole batch.
 */
export type BatchAnswer<Identifier> =
  { kind: 'done' } | { kind: 'failed'; items: Identifier[] } | { kind: 'malformed'; reason: string };

/**
 * Reads the answer of a function of a Kafka mapping with `ReportBatchItemFailures`: each item is
 * `{itemIdentifier: {partition: 'topic-0', offset: 100}}`. Complete successes are an empty or absent list and an empty
 * or absent answer; anything else repeats the whole batch.
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
 *
 * @param partition the batch's only partition, as in the event: `topic-0`
 * @returns `failed` with the lowest offset alone: Lambda goes on from there
 */
export function readKafkaAnswer(
  answer: unknown,
  partition: string,
  firstOffset: number,
  lastOffset: number,
): BatchAnswer<number> {
  const read = readItems(answer, (identifier) => {
    if (!isObject(identifier)) return `itemIdentifier must be {partition, offset}, not ${show(identifier)}`;
    if (identifier['partition'] !== partition) {
      return `partition ${show(identifier['partition'])} is not in the batch, which is of "${partition}"`;
    }
    const { offset } = identifier;
    if (typeof offset !== 'number' || !(offset >= firstOffset && offset <= lastOffset)) {
      return `offset ${show(offset)} is not in the batch, which is ${firstOffset} to ${lastOffset}`;
    }
    return { item: offset };
  });
  return read.kind === 'failed' ? { kind: 'failed', items: [Math.min(...read.items)] } : read;
}

/**
 * Reads the answer of a function of an SQS mapping with `ReportBatchItemFailures`: each item is
 * `{itemIdentifier: '<messageId>'}`.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
export function readSqsAnswer(answer: unknown, messageIds: ReadonlySet<string>): BatchAnswer<string> {
  return readItems(answer, (identifier) => {
    if (typeof identifier === 'string' && messageIds.has(identifier)) return { item: identifier };
    return `itemIdentifier ${show(identifier)} is not the id of a message in the batch`;
  });
}

/** @param read the item that an identifier names, or what is wrong with it */
function readItems<Identifier>(
  answer: unknown,
  read: (identifier: unknown) => { item: Identifier } | string,
): BatchAnswer<Identifier> {
  if (answer === undefined || answer === null) return { kind: 'done' };
  if (!isObject(answer))
    return { kind: 'malformed', reason: `the answer must be an object, not ${show(answer)}` };
  const failures = answer['batchItemFailures'];
  if (failures === undefined || failures === null) return { kind: 'done' };
  if (!Array.isArray(failures)) return { kind: 'malformed', reason: 'batchItemFailures must be an array' };
  const items: Identifier[] = [];
  for (const failure of failures as unknown[]) {
    const result = read(isObject(failure) ? failure['itemIdentifier'] : failure);
    if (typeof result === 'string') return { kind: 'malformed', reason: result };
    items.push(result.item);
  }
  return items.length > 0 ? { kind: 'failed', items } : { kind: 'done' };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
