import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type MadeCall, type Permission, unusedLines } from './role-permissions.ts';
import type { WatchedCalls } from './watched-calls.ts';

/** What roles allow and no function asks for in these tests, as lines of `unusedOf`, with who does ask, or when. */
const explained: readonly (readonly [permission: RegExp, why: string])[] = [
  [/: logs:/, 'Lambda writes what a function logs'],
  [/: ec2:/, 'Lambda puts a function into its network'],
  [/: kafka(-cluster)?:/, 'the event source mapping, and what publishes to MSK; a local broker knows no IAM'],
  [/: sqs:(ReceiveMessage|DeleteMessage|GetQueueAttributes|GetQueueUrl) /, 'the event source mapping'],
  [/: sqs:ChangeMessageVisibility /, 'a message whose invocation failed is to come again soon'],
  [/: sqs:SendMessage on .*SlowWakeUps/, 'where the endpoint is slow'],
  [/DeliverSlow.*: (dynamodb:|sqs:SendMessage )/, 'it does what Deliver does, with whose code it runs'],
  [/Sweep.*: sqs:SendMessage /, 'a job that stands still is gone on with'],
  [
    /FanOut.*: sqs:SendMessage /,
    'a job goes on in another invocation after ten seconds; a first attempt fails',
  ],
  [
    /FanOut.*: dynamodb:(GetItem|PutItem|DeleteItem) /,
    'what its attempts tell of an endpoint is written down; what no wake-up was sent for leaves the slow lane',
  ],
  [
    /Replay.*: dynamodb:DeleteItem on .*Config/,
    'what was held is released for some minutes; then that is forgotten',
  ],
  [/Handle.*: dynamodb:PartiQLInsert /, 'a record that is redriven has an idempotency key'],
  [/Publish.*: dynamodb:DeleteItem on .*Config/, 'a run whose topic was lost meanwhile is withdrawn'],
  [/Publish.*: dynamodb:(BatchWriteItem|Query) on .*Events/, 'what a large call keeps is in parts'],
];

/**
 * Where all end-to-end tests ran: is all that roles allow used?
 * @param folder where they left what their functions asked for
 * @throws Error with what is not
 */
export function checkUsedPermissions(folder: string): void {
  const watched = readdirSync(folder)
    .filter((name) => name.startsWith('calls-'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as WatchedCalls);
  const ran = new Set(watched.map(({ testPath }) => testPath));
  if (watchedFiles().some((file) => !ran.has(file))) return;
  const unused = unusedOf(
    watched.flatMap(({ permissions }) => permissions),
    watched.flatMap(({ calls }) => calls),
  );
  if (unused.length > 0) throw new Error(`Roles allow what nobody asks for:\n${unused.join('\n')}`);
}

/** The end-to-end tests that watch their functions. */
function watchedFiles(): string[] {
  const folder = import.meta.dirname;
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .filter((path) => /startWatchedFanout|startTimeMachine/.test(readFileSync(path, 'utf8')));
}

/** A line for each permission that no call needed and that is not explained. */
function unusedOf(permissions: readonly Permission[], calls: readonly MadeCall[]): string[] {
  return unusedLines(permissions, calls).filter((line) => !explained.some(([pattern]) => pattern.test(line)));
}
