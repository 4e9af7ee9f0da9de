import { type TemplateScope, evaluate } from './evaluate.ts';
import type { Expression } from './expression.ts';
import { type JsonValue, parseJson, writeJson } from './json-value.ts';
import { writePath } from './payload-path.ts';
import {
  type Payload,
  type PayloadFault,
  type PayloadNode,
  type PayloadObject,
  type PayloadString,
  tell,
  tryAt,
} from './payload.ts';

/** Bytes of the payload of one record, rendered. */
export const mostRecordBytes = 256 * 1024;
/** The same for all records of one call together. */
export const mostCallBytes = 1024 * 1024;
/** How deep objects and arrays of what templates are rendered against stand in each other. */
export const mostContextLevels = 64;

/** Characters of a name in a message. */
const mostNameShown = 100;

/** What is gathered while one record is rendered. */
interface Rendering extends TemplateScope {
  readonly faults: PayloadFault[];
  readonly pieces: string[];
  /** Bytes that may still be written; below 0, the record has become too large and nothing more is worth writing. */
  left: number;
  /** The JSON of objects and arrays of the context, for templates that name the same again and again. */
  readonly written: WeakMap<object, string>;
}

/**
 * Renders the templates of a payload. A string that is one whole template takes the value with its type, and null where
 * the path leads nowhere. Inside a longer string, and in names, strings and numbers stand as they are, null is
 * empty, and objects and arrays are compact JSON. A member whose name is one whole template of null is left out.
 * @param context what templates see as `.`, as JSON text, whose numbers are kept as written
 * @param nowMs the time of the call, milliseconds since 1970
 * @returns the payload of each record, as JSON text; or all faults
 * @throws SyntaxError when the context is no JSON
 */
export function renderPayload(
  { records }: Payload,
  context: string,
  nowMs: number,
): { readonly records: readonly string[] } | { readonly faults: readonly PayloadFault[] } {
  const value = parseJson(context, mostContextLevels);
  if (value === undefined) {
    const message = `what it is rendered against is more than ${mostContextLevels} levels deep`;
    return { faults: [{ path: 'payload', message }] };
  }
  const faults: PayloadFault[] = [];
  const written = new WeakMap<object, string>();
  const rendered: string[] = [];
  let left = mostCallBytes;
  for (const record of records) {
    const most = Math.min(left, mostRecordBytes);
    const rendering = { context: value, nowMs, faults, written, pieces: [], left: most };
    renderObject(record, rendering);
    if (rendering.left < 0 && most < mostRecordBytes) {
      const message = `renders to more than ${mostCallBytes} bytes, all records together`;
      return { faults: [{ path: 'payload', message }, ...faults] };
    }
    if (rendering.left < 0) {
      tell(faults, {
        path: writePath(record.path),
        message: `renders to more than ${mostRecordBytes} bytes`,
      });
    }
    left -= most - Math.max(rendering.left, 0);
    rendered.push(rendering.pieces.join(''));
  }
  return faults.length > 0 ? { faults } : { records: rendered };
}

function renderNode(node: PayloadNode, rendering: Rendering): void {
  if (rendering.left < 0) return;
  switch (node.kind) {
    case 'text':
      return write(node.json, rendering);
    case 'template':
      return write(jsonOf(renderString(node, rendering), rendering), rendering);
    case 'list':
      write('[', rendering);
      for (const [index, item] of node.items.entries()) {
        if (index > 0) write(',', rendering);
        renderNode(item, rendering);
      }
      return write(']', rendering);
    case 'object':
      return renderObject(node, rendering);
  }
}

function renderObject({ members, path }: PayloadObject, rendering: Rendering): void {
  const names = new Set<string>();
  write('{', rendering);
  for (const { name: written, value } of members) {
    const source = typeof written === 'string' ? written : written.source;
    const name = typeof written === 'string' ? written : renderName(written, rendering);
    if (rendering.left < 0) return;
    if (name === null) continue;
    if (names.has(name)) {
      const shown = JSON.stringify(name.slice(0, mostNameShown));
      const message = `the object already has a member ${shown} when it is rendered`;
      tell(rendering.faults, { path: writePath([...path, source]), column: 1, message });
    }
    if (names.size > 0) write(',', rendering);
    names.add(name);
    write(`${JSON.stringify(name)}:`, rendering);
    renderNode(value, rendering);
  }
  write('}', rendering);
}

/** @returns null when the member is to be left out, or its name is at fault */
function renderName(name: PayloadString, rendering: Rendering): string | null {
  const value = renderString(name, rendering);
  return value === null ? null : textOf(value, rendering);
}

/** The value of a string that is one whole template, else the string with its templates rendered. */
function renderString({ source, template, path }: PayloadString, rendering: Rendering): JsonValue {
  const value = tryAt(source, path, rendering.faults, () => {
    const [first] = template;
    if (template.length === 1) return evaluate(first as Expression, rendering);
    let text = '';
    for (const part of template) {
      text += typeof part === 'string' ? part : textOf(evaluate(part, rendering), rendering);
      if (text.length > rendering.left) {
        // A short template can ask for a large value many times over.
        rendering.left = -1;
        return null;
      }
    }
    return text;
  });
  return value ?? null;
}

/** A value inside a longer string. */
function textOf(value: JsonValue, rendering: Rendering): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : jsonOf(value, rendering);
}

function jsonOf(value: JsonValue, { written }: Rendering): string {
  if (typeof value !== 'object' || value === null) return writeJson(value);
  const known = written.get(value);
  if (known !== undefined) return known;
  const json = writeJson(value);
  written.set(value, json);
  return json;
}

function write(json: string, rendering: Rendering): void {
  rendering.left -= Buffer.byteLength(json);
  if (rendering.left >= 0) rendering.pieces.push(json);
}
