import { expect } from 'vitest';
import { compilePayload } from '../../../lib/core/templates/payload.ts';
import { renderPayload } from '../../../lib/core/templates/render-payload.ts';

const nowMs = Date.parse('2024-01-15T10:30:00.250Z');

const context = `{
  "outputs": {
    "trigger": {"service": "billing", "count": 3, "price": 1.10, "id": 12345678901234567890, "dryRun": false, "none": null,
      "tags": ["a", "b", {"c": [1.50]}], "empty": "", "at": "2024-02-29T12:00:00+02:00", "name with space": "ok", "größe": "XL",
      "\\"q\\"": "quoted", "}}": "braces", "{{": "opening", "🎉": "party", "meta": {"x": 1e2, "y": "{{ .no }}"}, "zero": 0},
    "build-image": {"tag": "v1"}
  },
  "__proto__": {"polluted": true}
}`;

/** What a string with templates renders to, as JSON text; or its fault, as `column: message`. */
export function render(template: string): string {
  const payload = compilePayload(JSON.stringify({ v: template }));
  const rendered = 'faults' in payload ? payload : renderPayload(payload, context, nowMs);
  if (!('faults' in rendered)) return rendered.records[0]!.slice('{"v":'.length, -1);
  expect(rendered.faults).toHaveLength(1);
  const [{ path, column, message }] = rendered.faults as [(typeof rendered.faults)[0]];
  expect(path).toBe('payload.v');
  return `${column}: ${message}`;
}
