import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type FunctionError,
  type LocalFunction,
  type LocalFunctionSettings,
  startLocalFunction,
} from '../../../infra/local/local-function.ts';

let folder: string;
let lines: string[];
const started: LocalFunction[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fanout-function-'));
  lines = [];
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((running) => running.stop()));
  rmSync(folder, { recursive: true });
});

function startWith(code: string, settings: Partial<LocalFunctionSettings> = {}, file = 'index.mjs') {
  writeFileSync(join(folder, file), code);
  const running = startLocalFunction({
    functionName: 'tried',
    functionArn: 'arn:aws:lambda:eu-central-1:000000000000:function:tried',
    codeFolder: folder,
    handler: 'index.handler',
    timeoutSeconds: 3,
    memoryMiB: 256,
    variables: { GREETING: 'hello', PATH: '/only/this' },
    concurrency: 5,
    log: (line) => void lines.push(line),
    ...settings,
  });
  started.push(running);
  return running;
}

/** Answers how many invocations its environment has had, and which environment it is. */
const counting = `
  import { threadId } from 'node:worker_threads';
  let count = 0;
  export async function handler({ wait = 0 }) {
    count += 1;
    await new Promise((resolve) => setTimeout(resolve, wait));
    return { count, threadId };
  }`;

interface Counted {
  count: number;
  threadId: number;
}

const invokeCounting = async (running: LocalFunction, wait = 0) =>
  (await running.invoke({ wait })) as Counted;

const failureOf = (invocation: Promise<unknown>) =>
  invocation.then(
    () => expect.fail('the invocation should have failed'),
    (error: unknown) => error as FunctionError,
  );

describe('an environment', () => {
  it('stays warm: what the code leaves in memory is there at the next invocation', async () => {
    const running = startWith(counting);
    const first = await invokeCounting(running);
    const second = await invokeCounting(running);
    expect(second).toEqual({ count: 2, threadId: first.threadId });
  });

  it('has exactly the variables it was given, nothing of this process', async () => {
    process.env['OF_THIS_PROCESS'] = 'secret';
    const running = startWith('export const handler = async () => ({ ...process.env });');
    expect(await running.invoke({})).toEqual({ GREETING: 'hello', PATH: '/only/this' });
  });

  it('handles one invocation at a time, up to the concurrency, and lets the rest wait in line', async () => {
    const running = startWith(counting, { concurrency: 2 });
    const answers = await Promise.all(Array.from({ length: 6 }, () => invokeCounting(running, 20)));
    const byThread = Map.groupBy(answers, ({ threadId }) => threadId);
    expect(byThread.size).toBe(2);
    for (const ofOne of byThread.values()) {
      expect(ofOne.map(({ count }) => count).sort()).toEqual(ofOne.map((_, at) => at + 1));
    }
  });

  it('is taken again soonest when it was used last', async () => {
    const running = startWith(counting);
    const [, slower] = await Promise.all([invokeCounting(running, 0), invokeCounting(running, 300)]);
    const next = await invokeCounting(running);
    const afterNext = await invokeCounting(running);
    expect([next.threadId, afterNext.threadId]).toEqual([slower.threadId, slower.threadId]);
  });

  it('ends when it was idle for long enough', async () => {
    const running = startWith(counting, { idleSeconds: 0.1 });
    const first = await invokeCounting(running);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const later = await invokeCounting(running);
    expect(later.count).toBe(1);
    expect(later.threadId).not.toBe(first.threadId);
  });

  it('gets a context as Lambda gives it', async () => {
    const running = startWith(
      'export const handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() });',
    );
    const context = (await running.invoke({})) as Record<string, unknown>;
    expect(context).toMatchObject({
      functionName: 'tried',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:eu-central-1:000000000000:function:tried',
      memoryLimitInMB: '256',
      logGroupName: '/aws/lambda/tried',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
    });
    expect(context['left']).toBeGreaterThan(2000);
    expect(context['left']).toBeLessThanOrEqual(3000);
  });

  it('loads CommonJS too', async () => {
    const running = startWith('exports.handler = async (event) => event.given;', {}, 'index.cjs');
    expect(await running.invoke({ given: [1, 'two'] })).toEqual([1, 'two']);
  });

  it('answers null for a handler that returns nothing', async () => {
    expect(await startWith('export async function handler() {}').invoke({})).toBeNull();
  });
});

describe('an invocation fails', () => {
  it('with what the handler threw, and the environment goes on', async () => {
    const running = startWith(`
      let count = 0;
      export async function handler() {
        count += 1;
        if (count === 1) throw new RangeError('too far');
        return count;
      }`);
    const error = await failureOf(running.invoke({}));
    expect(error).toMatchObject({ errorType: 'RangeError', errorMessage: 'too far' });
    expect(error.trace[1]).toContain('index.mjs');
    expect(await running.invoke({})).toBe(2);
  });

  it('when time runs out, even inside while (true), and what was printed by then is kept', async () => {
    const running = startWith(
      `export async function handler({ hang }) { if (!hang) return 'fine'; console.log('before'); while (true) {} }`,
      { timeoutSeconds: 0.3 },
    );
    const error = await failureOf(running.invoke({ hang: true }));
    expect(error.errorType).toBe('Sandbox.Timedout');
    expect(error.errorMessage).toMatch(/^[0-9a-f-]{36} Task timed out after 0\.30 seconds$/);
    expect(lines[0]).toBe('[tried] before');
    expect(await running.invoke({})).toBe('fine');
  });

  it.each([
    ['process.exit', 'process.exit(7)', 'exit status 7'],
    ['an exception that nobody catches', "setTimeout(() => { throw new Error('stray') })", 'Error: stray'],
    ['a rejection that nobody catches', "Promise.reject(new Error('lost'))", 'Error: lost'],
  ])('at %s, and the next one gets a new environment', async (_, code, message) => {
    const running = startWith(`
      let count = 0;
      export async function handler({ end }) {
        count += 1;
        if (end) { ${code}; await new Promise(() => setTimeout(() => {}, 60_000)); }
        return count;
      }`);
    expect(await running.invoke({})).toBe(1);
    const error = await failureOf(running.invoke({ end: true }));
    expect(error).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(error.errorMessage).toContain(message);
    expect(await running.invoke({})).toBe(1);
  });

  it('never on an environment that ended while it was idle', async () => {
    const running = startWith(
      `export async function handler() { setTimeout(() => process.exit(1), 20); return 'fine'; }`,
    );
    await running.invoke({});
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await running.invoke({})).toBe('fine');
  });

  it.each([
    ['the code does not load', "import './absent.mjs'; export const handler = async () => 1;", 'absent.mjs'],
    ['there is no such handler', 'export const other = 1;', 'index.handler is undefined or not exported'],
  ])('when %s', async (_, code, message) => {
    const error = await failureOf(startWith(code).invoke({}));
    expect(error.errorMessage).toContain(message);
  });

  it('when the answer is larger than Lambda takes', async () => {
    const running = startWith("export const handler = async () => 'x'.repeat(7 * 1024 * 1024);");
    const error = await failureOf(running.invoke({}));
    expect(error.errorType).toBe('Function.ResponseSizeTooLarge');
  });
});

describe('what a function writes', () => {
  it('goes to the log by line, with its name before each', async () => {
    const running = startWith(
      "export async function handler() { console.log('one\\ntwo'); console.error('three'); }",
    );
    await running.invoke({});
    expect(lines).toEqual(['[tried] one', '[tried] two', '[tried] three']);
  });

  it('is followed by how its invocation failed', async () => {
    await failureOf(
      startWith("export async function handler() { throw new TypeError('broken'); }").invoke({}),
    );
    expect(lines[0]).toBe('[tried] ERROR TypeError: broken');
  });
});

describe('replaced code', () => {
  it('runs in the next invocation, while one under way finishes with the old', async () => {
    const running = startWith(
      "export async function handler({ wait }) { await new Promise((r) => setTimeout(r, wait)); return 'old'; }",
    );
    await running.invoke({ wait: 0 });
    const underWay = running.invoke({ wait: 200 });
    const newer = join(folder, 'newer');
    mkdirSync(newer);
    writeFileSync(join(newer, 'index.mjs'), "export async function handler() { return 'new'; }");
    await running.replaceCode(newer);
    expect(await running.invoke({})).toBe('new');
    expect(await underWay).toBe('old');
    expect(await running.invoke({})).toBe('new');
  });
});

it('a stopped function refuses invocations, also those that wait in line', async () => {
  const running = startWith(counting, { concurrency: 1 });
  const underWay = failureOf(invokeCounting(running, 5000));
  const inLine = failureOf(invokeCounting(running));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await running.stop();
  expect((await underWay).message).toContain('exit');
  expect((await inLine).message).toContain('stopped');
  expect((await failureOf(running.invoke({}))).message).toContain('stopped');
});
