import { type Fanout, type FanoutOptions, startFanout } from '../../infra/local/fanout-local.ts';
import { isSecretHeader } from '../../lib/core/headers.ts';
import type { StageSettings } from '../../infra/stages.ts';
import { assemblyOf, localAssembly } from '../local-assembly.ts';
import { watchCalls } from './watched-calls.ts';

/**
 * What no log line may hold, and secrets also no answer of the API: collected from what tests send and get, over the whole
 * run of each file of end-to-end tests, and looked for when its Fanout stops.
 */
const secrets = new Set<string>();
const payloads = new Set<string>();
const lines: string[] = [];

/** Shorter ones may stand in any text. */
const leastPayload = 7;
const leastSecret = 12;
/** Of thousands of records that differ in a number, the first ones tell as much. */
const mostPayloads = 300;

/** `stage`: settings of one that is not the local stage. */
export type WatchedOptions = Partial<Omit<FanoutOptions, 'stage'>> & { readonly stage?: StageSettings };

/**
 * Starts Fanout for end-to-end tests; its `stop` fails when a function wrote a secret or a payload to its log, or asked AWS
 * for what its role does not allow.
 */
export async function startWatchedFanout({ stage, ...options }: WatchedOptions = {}): Promise<Fanout> {
  const log = (line: string) => {
    lines.push(line);
    options.log?.(line);
  };
  const calls = watchCalls();
  const fanout = await startFanout({
    say: () => {},
    fast: true,
    assembly: await (stage ? assemblyOf(stage) : localAssembly()),
    ...options,
    log,
    onAwsCall: calls.note,
  });
  secrets.add(fanout.operatorKey).add(fanout.engines.kafka.password);
  for (const [name, arn] of Object.values(fanout.machine.outputs).flatMap((one) => Object.entries(one))) {
    if (name.endsWith('SecretArn')) secrets.add(fanout.machine.secretValue(arn));
  }
  return {
    ...fanout,
    async stop() {
      await fanout.stop();
      checkLog();
      calls.check(fanout.machine.stacks, stage !== undefined);
    },
  };
}

/** Notes what a record must not show in logs: its data, and what its headers hold of secrets. */
export function noteRecord(value: Buffer | string | null, headers: Readonly<Record<string, unknown>> = {}) {
  if (value !== null) notePayloadsIn(value.toString());
  // Operators see them in quarantine, so that answers may hold them.
  for (const [name, text] of Object.entries(headers)) {
    if (isSecretHeader(name.toLowerCase())) notePayload(String(text));
  }
}

const publishCall = /^POST \/v1\/orgs\/[^/]+\/(events|notifications|prices|ledger-events|runs)$/;

/** Notes what a publish call must not show in logs; nothing of other calls. */
export function notePublished(call: string, body: unknown): void {
  if (body === undefined || !publishCall.test(call)) return;
  notePayloadsIn(typeof body === 'string' ? body : JSON.stringify(body));
}

function notePayloadsIn(text: string): void {
  for (const payload of payloadsIn(text))
    notePayload(typeof payload === 'string' ? payload : JSON.stringify(payload));
}

function notePayload(text: string): void {
  if (text.length >= leastPayload && payloads.size < mostPayloads) payloads.add(text);
}

/** Where records and publish calls have their payloads. */
interface PublishedTexts {
  readonly data?: unknown;
  /** Of a notification. */
  readonly object?: unknown;
  /** Of a ledger's event, or a bundle. */
  readonly payload?: unknown;
  /** Of a run. */
  readonly node?: { readonly config?: { readonly payload?: unknown } };
}

/** Of one event, or of each of several. */
function* payloadsIn(text: string): Iterable<unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    yield text;
    return;
  }
  for (const one of Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]) {
    const { data, object, payload, node } = Object(one) as PublishedTexts;
    const bundle: unknown[] = Array.isArray(payload) ? payload : [payload];
    const all = [data, object, ...bundle, node?.config?.payload];
    yield* all.filter((one) => one !== undefined);
  }
}

/**
 * Notes the secrets in a request and its answer.
 * @throws Error when the answer shows one that was known before
 */
export function checkAnswer(call: string, request: unknown, answer: unknown): void {
  const shown = JSON.stringify(answer) ?? '';
  const sent = [...secretsIn(request, true)];
  for (const secret of secrets) {
    if (!sent.includes(secret) && shown.includes(inJson(secret)))
      throw new Error(`The answer to ${call} shows a secret`);
  }
  for (const secret of [...sent, ...secretsIn(answer, false)]) secrets.add(secret);
}

/**
 * Secrets by the names of their fields; `key` only where it is one of the API's.
 * @param hasHeaders whether headers stand in it: what a record had is shown to operators as it came
 */
function* secretsIn(value: unknown, hasHeaders: boolean): Iterable<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    // A payload may have any names.
    if (name === 'data' && !Array.isArray(inner)) continue;
    if (typeof inner !== 'string') yield* secretsIn(inner, hasHeaders);
    else {
      const isHeader = hasHeaders && isSecretHeader(name.toLowerCase());
      const isNamed = /^(secret|password|token)$/.test(name) || isHeader;
      const isSecret = isNamed || (name === 'key' && inner.startsWith('fanout_'));
      if (isSecret && inner.length >= leastSecret && !inner.includes('…')) yield inner;
    }
  }
}

function checkLog(): void {
  if (lines.length === 0 || secrets.size === 0)
    throw new Error('There is no log to look at, or nothing to look for');
  const log = lines.join('\n');
  for (const [kind, texts] of [
    ['a secret', secrets],
    ['a payload', payloads],
  ] as const) {
    for (const text of texts) {
      const at = [text, inJson(text)].map((form) => log.indexOf(form)).find((place) => place >= 0);
      if (at === undefined) continue;
      const line = log.slice(log.lastIndexOf('\n', at) + 1, log.indexOf('\n', at) >>> 0);
      throw new Error(`A log line holds ${kind}: ${line.slice(0, 500)}`);
    }
  }
}

/** As it stands inside a text of JSON. */
function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
