import jmespath from 'jmespath';
import type { PartitionKeys } from '../app/ports/partition-keys.ts';
import { type KafkaEvent, kafkaMetadata } from '../core/kafka-message.ts';
import { type PathStep, type Template, compileTemplate } from './jmespath-template.ts';
import { log } from './log.ts';
import { runWithin } from './quickjs-time-limit.ts';
import { createTimeAllowance } from './time-allowance.ts';
import { WrittenNumber, bareObject, parseWritten, plainNumber } from './written-json.ts';

/** How long one key may take, when its template is more than a path. */
const mostMs = 50;
/** That is by the wall clock: a thread that had no processor meanwhile, as a function with little memory, tries again. */
const mostTries = 10;
/** The most UTF-16 units of a key; one that is longer is no key. */
const mostKeyLength = 64 * 1024;
const mostTemplates = 1000;
/** The most UTF-16 units of data that a template gets to see when it is more than a path. */
const mostDataLength = 16 * 1024;
/** What a key takes of this thread's time at most, when nothing is wrong. */
const usualMs = 1;
/** What an endpoint's keys may take beyond that, all in all. */
const allowance = { mostMs: 100, windowMs: 10_000, restMs: 60_000 };

export interface PartitionKeyOptions {
  readonly now?: () => number;
  /** The time that this thread has worked, milliseconds: what others take from it is not the template's doing. */
  readonly threadMs?: () => number;
  readonly search?: typeof jmespath.search;
  /** Calls a function, and stops it after so many milliseconds. */
  readonly within?: typeof runWithin;
  /** Told once when an endpoint's keys have taken too long. */
  readonly onRest?: (endpointId: string) => void;
}

/**
 * Evaluates templates by JMESPath over `{metadata, data}`. They are tenants' code in our process: a plain path looks at
 * own members only; anything else runs under a time limit, on data of 16 KiB at most that leads nowhere else, so that the
 * worst it can give is the event's id. An endpoint whose keys take more than 100 ms in 10 s, not counting the first
 * millisecond of each, gets the events' ids for the next minute in this environment.
 *
 * What compiling finds out is kept. The package parses an expression again for each search; next to the time limit's
 * thread that is nothing.
 */
export function createPartitionKeys({
  now = Date.now,
  threadMs = threadTime,
  search = jmespath.search,
  within = runWithin,
  onRest = logRest,
}: PartitionKeyOptions = {}): PartitionKeys {
  const templates = new Map<string, Template>();
  const time = createTimeAllowance(allowance, now);

  const templateOf = (text: string): Template => {
    const template = templates.get(text) ?? compileTemplate(text);
    templates.delete(text);
    templates.set(text, template);
    if (templates.size > mostTemplates) templates.delete(templates.keys().next().value!);
    return template;
  };

  const found = (expression: string, event: KafkaEvent, endpointId?: string): string | undefined => {
    if (event.data.length > mostDataLength) return undefined;
    if (endpointId !== undefined && time.isSpent(endpointId)) return undefined;
    const beganMs = threadMs();
    let key: string | undefined;
    try {
      const input = inputOf(event);
      for (let tries = 1, hasEnded = false; !hasEnded && tries <= mostTries; tries++) {
        hasEnded = within(mostMs, () => {
          key = keyText(search(input, expression));
        });
        if (threadMs() - beganMs >= mostMs) break;
      }
    } finally {
      const spentMs = threadMs() - beganMs - usualMs;
      if (endpointId !== undefined && time.spend(endpointId, spentMs)) onRest(endpointId);
    }
    return key;
  };

  return {
    fault(text) {
      // An empty template is none.
      const template = text.trim() === '' ? { path: [] } : compileTemplate(text);
      return 'fault' in template ? template.fault : undefined;
    },
    keyOf(text, event, endpointId) {
      if (!text?.trim()) return event.id;
      const template = templateOf(text);
      if ('fault' in template) return event.id;
      try {
        const key =
          'path' in template ? along(template.path, event) : found(template.expression, event, endpointId);
        return key === undefined || key === '' || key.length > mostKeyLength ? event.id : key;
      } catch {
        // The expression failed on this event's data, or its result cannot be written.
        return event.id;
      }
    },
  };
}

function inputOf(event: KafkaEvent): object {
  return bareObject({ metadata: bareObject(kafkaMetadata(event)), data: parseWritten(event.data) });
}

function along(path: readonly PathStep[], event: KafkaEvent): string | undefined {
  let value: unknown = inputOf(event);
  for (const step of path) value = stepInto(value, step);
  return keyText(value);
}

function stepInto(value: unknown, step: PathStep): unknown {
  if (Array.isArray(value)) return typeof step === 'number' ? (value.at(step) as unknown) : undefined;
  const isMember = typeof step === 'string' && typeof value === 'object' && value !== null;
  if (!isMember || value instanceof WrittenNumber || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<string, unknown>)[step];
}

function threadTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function logRest(endpoint: string): void {
  log('WARN', 'partition keys took too long', { endpoint, restMs: allowance.restMs });
}

/** @returns undefined for what is no value of JSON */
function keyText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (value instanceof WrittenNumber) return plainNumber(value.text);
  // A whole number that an expression made has no exponent either.
  if (typeof value === 'number') return numberText(value);
  return typeof value === 'object' ? JSON.stringify(value) : undefined;
}

function numberText(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  return Number.isInteger(value) ? String(BigInt(value)) : String(value);
}
