import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { answerCloudFormation } from '../../lib/adapters/cloudformation.ts';
import { startReceiver } from '../receiver.ts';

type Respond = Parameters<typeof startReceiver>[0];

const logged: string[] = [];
beforeEach(() => {
  logged.length = 0;
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => logged.push(String(line)) > 0);
  onTestFinished(() => void vi.restoreAllMocks());
});

async function ask(
  work: () => Promise<void>,
  { answer, leftMs = 60_000 }: { answer?: Respond; leftMs?: number } = {},
) {
  const cloudFormation = await startReceiver(answer);
  onTestFinished(() => cloudFormation.stop());
  const request: CloudFormationCustomResourceEvent = {
    RequestType: 'Create',
    ServiceToken: 'arn:aws:lambda:eu-central-1:123456789012:function:grants',
    ResponseURL: `${cloudFormation.url}/answer?X-Amz-Signature=signed`,
    StackId: 'arn:aws:cloudformation:eu-central-1:123456789012:stack/a/b',
    RequestId: 'request-1',
    LogicalResourceId: 'Reader',
    ResourceType: 'Custom::SourceReader',
    ResourceProperties: { ServiceToken: '' },
  };
  const outcome = answerCloudFormation(request, 'user-1', leftMs, work);
  return { cloudFormation, outcome };
}

const asked = {
  StackId: 'arn:aws:cloudformation:eu-central-1:123456789012:stack/a/b',
  RequestId: 'request-1',
  LogicalResourceId: 'Reader',
  PhysicalResourceId: 'user-1',
};

test('what was done is told at the address of the request', async () => {
  const { cloudFormation, outcome } = await ask(async () => {});
  await outcome;
  expect(cloudFormation.received).toMatchObject([{ path: '/answer?X-Amz-Signature=signed' }]);
  expect(JSON.parse(cloudFormation.received[0]!.body)).toEqual({ ...asked, Status: 'SUCCESS' });
});

test('what fails fails the resource, with a reason of bounded length', async () => {
  const { cloudFormation, outcome } = await ask(async () => {
    throw new Error(`no broker ${'x'.repeat(5000)}`);
  });
  await outcome;
  const told = JSON.parse(cloudFormation.received[0]!.body) as { Reason: string };
  expect(told).toMatchObject({ ...asked, Status: 'FAILED' });
  expect(told.Reason).toMatch(/^no broker x{980,990}$/);
});

test('what takes longer than the function may fails the resource while it can still be told', async () => {
  const { cloudFormation, outcome } = await ask(() => new Promise(() => {}), { leftMs: 10_050 });
  await outcome;
  expect(JSON.parse(cloudFormation.received[0]!.body)).toMatchObject({
    Status: 'FAILED',
    Reason: 'this took longer than the function may',
  });
});

test('an answer that does not get through is given again', async () => {
  let tries = 0;
  const answer: Respond = (_, response) => void response.writeHead((tries += 1) < 3 ? 503 : 200).end();
  const { cloudFormation, outcome } = await ask(async () => {}, { answer });
  await outcome;
  expect(cloudFormation.received.map(({ body }) => (JSON.parse(body) as { Status: string }).Status)).toEqual([
    'SUCCESS',
    'SUCCESS',
    'SUCCESS',
  ]);
});

test('what was done is not told as failed because the telling failed, and the signed address is in no log and error', async () => {
  const answer: Respond = (_, response) => void response.writeHead(500).end();
  const { cloudFormation, outcome } = await ask(async () => {}, { answer });
  const error = await outcome.catch((failure: unknown) => failure as Error);
  expect(error).toMatchObject({ message: 'CloudFormation could not be told' });
  expect(cloudFormation.received.map(({ body }) => body).join()).not.toContain('FAILED');
  expect(`${logged.join()} ${String((error as Error).cause)}`).not.toContain('signed');
});
