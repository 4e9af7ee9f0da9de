import { setImmediate } from 'node:timers/promises';
import type { TransformOutcome, TransformRunner } from '../app/ports/transforms.ts';
import type { Transform, TransformFault, TransformInput } from '../core/transform.ts';
import { unsafeNumberPath } from '../core/unsafe-number.ts';
import { outOfTime, refuse, withPlace } from './quickjs-answers.ts';
import { type Evaluated, evaluateTransform, type Sandbox, type Unusable } from './quickjs-sandbox.ts';
import { runWithin } from './quickjs-time-limit.ts';

/** The most bytes of UTF-8 that a transform's code may have. */
const mostCodeBytes = 64 * 1024;

/** The most versions of transforms that are kept ready; a function usually runs one. Each takes some 7 MB. */
const mostVersions = 4;

/**
 * Runs transforms in QuickJS, inside WebAssembly that is given nothing of the host: it has memory of its own and
 * imports a clock and random bytes. JMESPath runs there, too.
 * @param timeoutMs how long a record may take. A record is stopped after that time, and before 1.4 times of it. Where
 *   the processor was mostly busy with something else it gets twice the time, once. Loading the code may take ten times
 *   as long. A whole number.
 */
export function createTransformRunner({ timeoutMs = 250 } = {}): TransformRunner {
  /** Records share a time limit as long as each can have its own whole time within it. */
  const sharedMs = Math.floor(0.4 * timeoutMs);
  const versions = new Map<string, Promise<Version>>();

  const versionOf = async (transform: Transform): Promise<Version> => {
    const key = `${transform.language}:${transform.code}`;
    const version = versions.get(key) ?? prepare(transform, timeoutMs * 10);
    versions.delete(key);
    versions.set(key, version);
    const [oldest] = versions.keys();
    if (versions.size > mostVersions) versions.delete(oldest!);
    try {
      const ready = await version;
      // What failed for want of time may do better next time.
      if ('fault' in ready) versions.delete(key);
      return ready;
    } catch (error) {
      versions.delete(key);
      throw error;
    }
  };

  return {
    run: async (transform, inputs, deadlineMs) => {
      const version = await versionOf(transform);
      if ('fault' in version) {
        // It did load when it was saved.
        if (version.reason === 'transform_timeout') throw new Error(version.fault.message);
        const detail = `the transform cannot be loaded: ${withPlace(version.fault)}`;
        return inputs.map(() => refuse(version.reason, detail));
      }
      const outcomes: TransformOutcome[] = [];
      let hasSecondTry = false;
      const isNextDue = () =>
        outcomes.length < inputs.length && (outcomes.length === 0 || Date.now() <= deadlineMs);
      while (isNextDue()) {
        const sandbox = await version.sandbox();
        const sharedEnd = performance.now() + (hasSecondTry ? 0 : sharedMs);
        let begun = outcomes.length;
        let beganAt = 0;
        const ended = runWithin(hasSecondTry ? timeoutMs * 2 : timeoutMs + sharedMs, () => {
          do {
            beganAt = processorMs();
            const { text, context } = inputs[begun++]!;
            outcomes.push(refuseText(text) ?? sandbox.run(text ?? 'null', context));
          } while (isNextDue() && sandbox.isUsable() && performance.now() < sharedEnd);
        });
        const isStopped = !ended && begun > outcomes.length;
        const wasStarved = processorMs() - beganAt < timeoutMs * ownShare;
        if (isStopped && (hasSecondTry || !wasStarved)) outcomes.push(outOfTime(timeoutMs));
        hasSecondTry = isStopped && wasStarved && !hasSecondTry;
        // A batch may take long: others get their turn.
        await setImmediate();
      }
      return outcomes;
    },
    check: async (transform) => {
      const version = await versionOf(transform);
      return 'fault' in version ? version.fault : undefined;
    },
  };
}

/** A record that was stopped had its time when the processor worked on it for so much of it. */
const ownShare = 0.8;

/** What this thread has used of the processor. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

type Version = Unusable | Ready;

interface Ready {
  /** One that can run a record. Callers share it: each record's run is over before another begins. */
  sandbox(): Promise<Sandbox>;
}

async function prepare(transform: Transform, timeoutMs: number): Promise<Version> {
  const size = Buffer.byteLength(transform.code);
  if (size > mostCodeBytes) {
    const fault: TransformFault = { message: `the code has ${size} bytes; the most is ${mostCodeBytes}` };
    return { reason: 'transform_failed', fault };
  }
  const evaluated = await evaluateTransform(transform, timeoutMs);
  return 'fault' in evaluated ? evaluated : readyWith(evaluated);
}

function readyWith(evaluated: Evaluated): Ready {
  let current: Sandbox | undefined;
  return {
    sandbox: async () => {
      if (current?.isUsable()) return current;
      return (current = await evaluated.open());
    },
  };
}

/** What no transform should see: text that is no JSON, and numbers that JavaScript would change. */
function refuseText(text: TransformInput['text']): TransformOutcome | undefined {
  if (text === undefined) return undefined;
  try {
    JSON.parse(text);
  } catch (error) {
    // The parser's message quotes the text around the fault; what a record holds has no place in a reason.
    const position = /position (\d+)/.exec(String(error))?.[1];
    return refuse('invalid_json', `the value is not JSON${position ? ` (at character ${position})` : ''}`);
  }
  const path = unsafeNumberPath(text);
  return path === undefined
    ? undefined
    : refuse(
        'unsafe_number',
        `the number at ${path} would be changed by JavaScript, which holds 15 to 17 digits; send it as a string`,
      );
}
