import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

/** What a function asked of AWS, as IAM would be asked whether it may. */
export interface AwsCall {
  /** Such as `dynamodb:PutItem`. */
  readonly action: string;
  /** The end of the resource's ARN, as in `table/<name>/index/<name>`, a queue's name, or a secret's whole ARN. */
  readonly resource: string;
  /** Of an item in DynamoDB: how its partition key begins, up to what it is the key of, as in `RUN#`. */
  readonly leadingKey?: string | undefined;
}

type Body = Readonly<Record<string, unknown>>;

/** Tells every call of the AWS SDK on this thread, each kind once. To be called before the SDK is loaded. */
export function observeAwsCalls(tell: (call: AwsCall) => void): void {
  const told = new Set<string>();
  subscribe('http.client.request.created', (message) => {
    const { request } = message as { readonly request: ClientRequest };
    const end = request.end.bind(request) as (...values: unknown[]) => ClientRequest;
    request.end = (...values: unknown[]) => {
      for (const call of callsOf(request.getHeader('x-amz-target'), values[0])) {
        const kind = Object.values(call).join(' ');
        if (!told.has(kind)) tell(call);
        told.add(kind);
      }
      return end(...values);
    };
  });
}

/** @param target such as `DynamoDB_20120810.PutItem`; other requests than those of the SDK have none */
function callsOf(target: unknown, body: unknown): AwsCall[] {
  const [service, operation] = typeof target === 'string' ? (target.split('.') as [string, string]) : [];
  if (service === undefined || operation === undefined) return [];
  const parsed = JSON.parse(String(body)) as Body;
  if (service.startsWith('DynamoDB')) return dynamoDbCalls(operation, parsed);
  if (service === 'AmazonSQS') return [{ action: `sqs:${sqsAction(operation)}`, resource: queueOf(parsed) }];
  return [{ action: `${service}:${operation}`, resource: String(parsed['SecretId']) }];
}

/** A batch of SQS is permitted as its single form is. */
function sqsAction(operation: string): string {
  return operation.replace(/Batch$/, '');
}

function queueOf({ QueueUrl }: Body): string {
  return String(QueueUrl).split('/').at(-1)!;
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html */
function dynamoDbCalls(operation: string, body: Body): AwsCall[] {
  const call = (name: string, table: string, { IndexName: index, ...request }: Body = {}) => ({
    action: `dynamodb:${name}`,
    resource: `table/${table}${typeof index === 'string' ? `/index/${index}` : ''}`,
    leadingKey: leadingKey(request),
  });
  switch (operation) {
    case 'BatchGetItem':
    case 'BatchWriteItem':
      return Object.keys(body['RequestItems'] as object).map((table) => call(operation, table));
    case 'TransactWriteItems':
    case 'TransactGetItems': {
      const items = body['TransactItems'] as Readonly<Record<string, Body>>[];
      return items
        .flatMap((item) => Object.entries(item))
        .map(([kind, request]) => call(transactAction(kind), String(request['TableName']), request));
    }
    case 'BatchExecuteStatement': {
      const statements = body['Statements'] as readonly { readonly Statement: string }[];
      return statements.map(({ Statement }) => partiQlCall(Statement));
    }
    default:
      return [call(operation, String(body['TableName']), body)];
  }
  function partiQlCall(statement: string): AwsCall {
    const [, verb, table] = /^(\w+) (?:INTO |FROM )?"([^"]+)"/.exec(statement) ?? [];
    if (verb === undefined || table === undefined) throw new Error(`Unknown statement: ${statement}`);
    return call(`PartiQL${verb[0]}${verb.slice(1).toLowerCase()}`, table);
  }
}

/** Of what is asked for one item. */
function leadingKey({ Key, Item }: Body): string | undefined {
  const { pk } = (Key ?? Item ?? {}) as { readonly pk?: { readonly S?: string } };
  return /^[^#]*#/.exec(pk?.S ?? '')?.[0];
}

function transactAction(kind: string): string {
  return kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`;
}
