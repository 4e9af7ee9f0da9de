import type { TransformOutcome } from '../app/ports/transforms.ts';
import type { RejectionReason } from '../core/rejection.ts';
import type { TransformFault } from '../core/transform.ts';
import { type GuestAnswer, mostResultBytes } from './quickjs-guest.ts';

/** The name under which the user's code is evaluated; its places in a stack are found by it. */
export const userFile = 'transform.js';

/** The most memory that the code and one record may take, in bytes. */
export const mostMemoryBytes = 32 * 1024 * 1024;

export function refuse(reason: RejectionReason, detail: string): TransformOutcome {
  return { rejection: { reason, detail } };
}

export const outOfTime = (timeoutMs: number) =>
  refuse('transform_timeout', `the transform took longer than ${timeoutMs} ms`);

const outOfMemory = () =>
  refuse('transform_memory', `the transform took more than ${mostMemoryBytes / 1024 / 1024} MiB of memory`);

const tooDeep = 'the transform recursed too deep, or its payload or result is nested too deep';

/**
 * @param text what the harness said of a record: a GuestAnswer, a line break, and what belongs to it
 * @param memoryBytes how large the sandbox's memory has become
 */
export function readAnswer(text: string, memoryBytes: number): TransformOutcome {
  const end = text.indexOf('\n');
  const kind = (end < 0 ? text : text.slice(0, end)) as GuestAnswer;
  const rest = end < 0 ? '' : text.slice(end + 1);
  switch (kind) {
    case 'events': {
      if (Buffer.byteLength(rest) > mostResultBytes)
        return refuse(
          'transform_result',
          `the transform returned too much; the most is ${mostResultBytes} bytes of JSON`,
        );
      return { events: rest === '' ? [] : rest.split('\n') };
    }
    case 'result':
      return refuse('transform_result', rest);
    case 'thrown':
    case 'unwritten': {
      const [name, message, stack] = JSON.parse(rest) as [string, string, string];
      // Without memory for an error, QuickJS throws null.
      if (name === '' && message === 'null' && isLarge(memoryBytes)) return outOfMemory();
      const fault = describeError(name, message, stack);
      return kind === 'thrown'
        ? refuse('transform_failed', `the transform threw ${withPlace(fault)}`)
        : refuse('transform_result', `what the transform returned is not JSON: ${withPlace(fault)}`);
    }
    case 'nested':
      return refuse('transform_failed', tooDeep);
    case 'memory':
      return outOfMemory();
    default:
      // The engine gives a text of its own when it has no memory for the answer.
      return isLarge(memoryBytes) ? outOfMemory() : refuse('transform_failed', 'the sandbox gave no answer');
  }
}

/** What the sandbox itself was stopped by: no code of the harness could run any more. */
export function readBreakdown(error: unknown, memoryBytes: number): TransformOutcome {
  if (isLarge(memoryBytes)) return outOfMemory();
  if (error instanceof RangeError) return refuse('transform_failed', tooDeep);
  const { name, message } = errorOf(error);
  return refuse('transform_failed', `the transform broke the sandbox: ${cut(`${name}: ${message}`)}`);
}

/**
 * What is wrong with code that threw while it was loaded.
 * @param error what the sandbox threw: QuickJS's error, or V8's own
 */
export function readFault(error: unknown): TransformFault {
  const { name, message, stack } = errorOf(error);
  if (message === 'out of memory') return { message: 'the code takes too much memory while it is loaded' };
  if (error instanceof RangeError) return { message: 'the code is nested or recurses too deep' };
  // What QuickJS's own text for a value without properties is.
  if (message === '<null>') return { message: 'the code threw null or undefined' };
  return describeError(name, message, stack ?? '');
}

/** @returns a fault in one line, its place at the end */
export function withPlace({ message, line, column }: TransformFault): string {
  return line === undefined ? message : `${message} (line ${line}, column ${column})`;
}

function describeError(name: string, message: string, stack: string): TransformFault {
  const place = new RegExp(`\\b${userFile}:(\\d+):(\\d+)`).exec(stack);
  return {
    message: cut(name === '' ? message : message === '' ? name : `${name}: ${message}`),
    ...(place && { line: Number(place[1]), column: Number(place[2]) }),
  };
}

const cut = (text: string) => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

/** An error where memory is most probably why; what frees memory as it unwinds has left its mark in the size. */
const isLarge = (memoryBytes: number) => memoryBytes > mostMemoryBytes * 0.75;

function errorOf(error: unknown): { name: string; message: string; stack?: string } {
  return error instanceof Error ? error : { name: 'Error', message: String(error) };
}
