import { expect, test } from 'vitest';
import { createSeal } from '../../lib/adapters/seal.ts';

const key = 'k'.repeat(43);
const { seal, open } = createSeal(key);

test('what was sealed is opened, by its owner and with its key only', () => {
  const sealed = seal('pä:sswörd', 'acme/ep_1');
  expect(open(sealed, 'acme/ep_1')).toBe('pä:sswörd');
  expect(createSeal(key).open(sealed, 'acme/ep_1')).toBe('pä:sswörd');
  expect(() => open(sealed, 'acme/ep_2')).toThrow();
  expect(() => createSeal(`${key}k`).open(sealed, 'acme/ep_1')).toThrow();
});

test('the same text is sealed differently each time, and holds nothing of it', () => {
  const [one, other] = [seal('password', 'a'), seal('password', 'a')];
  expect(one).not.toBe(other);
  expect(Buffer.from(one.slice(3), 'base64url').toString('latin1')).not.toContain('password');
});

test('what was changed, cut or is of another version is refused', () => {
  const sealed = seal('password', 'a');
  const at = sealed.length - 5;
  const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
  for (const wrong of [changed, sealed.slice(0, -4), 'v1.', sealed.replace('v1', 'v2'), ''])
    expect(() => open(wrong, 'a'), wrong).toThrow();
});
