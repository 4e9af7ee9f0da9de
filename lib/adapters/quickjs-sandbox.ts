import { randomBytes } from 'node:crypto';
import type { JSValueHandle, QuickJS } from 'quickjs-wasi';
import type { TransformOutcome } from '../app/ports/transforms.ts';
import type { RejectionReason } from '../core/rejection.ts';
import type { Transform, TransformFault, TransformInput } from '../core/transform.ts';
import { readAnswer, readBreakdown, readFault, userFile } from './quickjs-answers.ts';
import { loadEngine, type Machine } from './quickjs-engine.ts';
import { harnessSource, jmespathCompilerSource, transformSource } from './quickjs-guest.ts';
import { runWithin } from './quickjs-time-limit.ts';

/** A transform whose code has been evaluated, in an instance of its own. */
export interface Sandbox {
  /**
   * Runs one record. It finds the memory as it was when the code had been evaluated, whatever ran before. It does not
   * limit the time: call it within a time limit.
   * @param text JSON that has been checked
   */
  run(text: string, context: TransformInput['context']): TransformOutcome;
  /** Whether it can run another record: not after one that was stopped, broke it, or made its memory grow a lot. */
  isUsable(): boolean;
}

/** Evaluated code: makes sandboxes that are all alike. */
export interface Evaluated {
  open(): Promise<Sandbox>;
}

/** Why code cannot be used. */
export interface Unusable {
  readonly reason: RejectionReason;
  readonly fault: TransformFault;
}

/** What the code may hold before any record comes: this much is copied for each record. */
const mostEvaluatedBytes = 8 * 1024 * 1024;

/** Memory that is kept free for records: one that needs more makes the memory grow, which cannot be undone. */
const headroomBytes = 2 * 1024 * 1024;

/** How much a memory may grow before its sandbox is replaced. A new one costs some 3 ms. */
const mostGrowthBytes = 16 * 1024 * 1024;

/** Evaluates a transform's code, which must take no longer than a record. */
export async function evaluateTransform(
  transform: Transform,
  timeoutMs: number,
): Promise<Evaluated | Unusable> {
  const engine = await loadEngine();
  const machine = await engine.open();
  const compiler = transform.language === 'jmespath' ? await engine.jmespath() : undefined;
  const run = evaluateWithin(timeoutMs, machine.vm, transform.code, compiler);
  const mebibytes = mostEvaluatedBytes / 1024 / 1024;
  if (machine.memory.buffer.byteLength > mostEvaluatedBytes)
    return unusable('transform_memory', `the code took more than ${mebibytes} MiB of memory to load`);
  if ('fault' in run) return run;

  const entry = machine.vm.exportHandle(run);
  const free = keepFree(machine);
  const snapshot = machine.vm.snapshot();
  // The stack is first in memory: below its pointer is only what calls that are over have left.
  const starts = [snapshot.stackPointer, ...free.map(({ end }) => end)];
  const ends = [...free.map(({ start }) => start), snapshot.memory.length];
  const kept = starts.map((at, index) => ({ at, bytes: snapshot.memory.subarray(at, ends[index]) }));
  let first: Machine | undefined = machine;
  return {
    open: async () => {
      const opened = first;
      first = undefined;
      return sandboxOf(opened ?? (await engine.open(snapshot)), entry, kept);
    },
  };
}

/**
 * @param jmespathSource the text of jmespath.js when the code is a JMESPath expression
 * @returns the function that is to be called for each record
 */
function evaluateWithin(
  timeoutMs: number,
  vm: QuickJS,
  code: string,
  jmespathSource: string | undefined,
): JSValueHandle | Unusable {
  const harness = vm.evalCode(harnessSource, 'harness.js');
  const compiler =
    jmespathSource === undefined
      ? undefined
      : vm.evalCode(jmespathCompilerSource(jmespathSource), 'jmespath.js');
  const evaluate = (): JSValueHandle => {
    if (compiler) return vm.callFunction(compiler, vm.undefined, vm.newString(code));
    vm.evalCode(code, userFile);
    return vm.evalCode(transformSource, 'harness.js');
  };
  let run: JSValueHandle | Unusable | undefined;
  const ended = runWithin(timeoutMs, () => {
    try {
      const found = evaluate();
      if (found.isFunction) run = vm.callFunction(harness, vm.undefined, found);
      else if (found.isString)
        run = { reason: 'transform_failed', fault: readCompilerFault(found.toString()) };
      else run = unusable('transform_failed', 'define function transform(payload, context)');
    } catch (error) {
      run = { reason: 'transform_failed', fault: readFault(error) };
    }
  });
  if (ended && run) return run;
  return unusable('transform_timeout', `the code took longer than ${timeoutMs} ms to load`);
}

const unusable = (reason: RejectionReason, message: string): Unusable => ({ reason, fault: { message } });

/**
 * @param entry the function that is to be called, as an address in the memory
 * @param kept all of the memory that matters, as it is before a record
 */
function sandboxOf(
  { vm, memory }: Machine,
  entry: number,
  kept: readonly { readonly at: number; readonly bytes: Uint8Array }[],
): Sandbox {
  const pristineBytes = memory.buffer.byteLength;
  let isPristine = true;
  // A record that is stopped leaves this false, as nothing after the call comes to run.
  let isWhole = true;
  return {
    isUsable: () => isWhole && memory.buffer.byteLength <= pristineBytes + mostGrowthBytes,
    run: (text, context) => {
      isWhole = false;
      if (!isPristine) {
        const all = new Uint8Array(memory.buffer);
        for (const { at, bytes } of kept) all.set(bytes, at);
      }
      isPristine = false;
      // All handles are of this record: the memory they point into is gone with the next.
      const run = vm.importHandle(entry);
      const seed = vm.newNumber(seedOf(context));
      const input = [vm.newString(text), vm.newString(JSON.stringify(context)), seed];
      try {
        const answer = vm.callFunction(run, run, ...input).toString();
        isWhole = true;
        return readAnswer(answer, memory.buffer.byteLength);
      } catch (error) {
        return readBreakdown(error, memory.buffer.byteLength);
      }
    },
  };
}

/** The same for a record that comes again, so that its events are, too; another for its neighbours. */
const seedOf = ({ partition, offset }: TransformInput['context']) => (partition * 0x9e3779b1 + offset) | 0;

/**
 * Leaves some memory free, so that records find room in which nothing has to be put back.
 * @returns the stretches of it, in their order. Their contents mean nothing to the engine: its notes on what is free
 *   are at the ends, which are left out.
 */
function keepFree({ vm, memory }: Machine): { start: number; end: number }[] {
  const mark = randomBytes(64);
  // The copy that the array buffer is made from is in the sandbox, too.
  const room = vm.newArrayBuffer(Buffer.alloc(headroomBytes / 2, mark));
  const all = Buffer.from(memory.buffer);
  const stretches = [];
  for (let at = all.indexOf(mark); at >= 0; at = all.indexOf(mark, at + headroomBytes / 2)) {
    stretches.push({ start: at + mark.length, end: at + headroomBytes / 2 - mark.length });
  }
  room.dispose();
  return stretches;
}

/** @param text a message, and a column where the JMESPath compiler knows it, one a line */
function readCompilerFault(text: string): TransformFault {
  const [message = '', column] = text.split('\n');
  return { message, ...(column && { line: 1, column: Number(column) }) };
}
