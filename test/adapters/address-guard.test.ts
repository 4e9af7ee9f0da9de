import { describe, expect, test } from 'vitest';
import { createAddressGuard } from '../../lib/adapters/address-guard.ts';

const guard = createAddressGuard(false);

test.each([
  '8.8.8.8',
  '172.15.255.255',
  '172.32.0.1',
  '192.169.0.1',
  '223.255.255.255',
  '2600::1',
  '2a00:1450:4001:800::200e',
])('%s is public', (address) => {
  expect(guard.allows(address)).toBe(true);
});

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.170',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '64:ff9b::a00:1',
  '64:ff9b:1::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'ff02::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  'not an address',
])('%s is not public', (address) => {
  expect(guard.allows(address)).toBe(false);
});

describe('origins', () => {
  test.each([
    ['https://example.com', true],
    ['http://example.com', false],
    ['https://0x7f.1', false],
    ['https://2130706433', false],
    ['https://[::ffff:127.0.0.1]', false],
    ['https://017700000001', false],
    ['ftp://example.com', false],
    ['https://8.8.8.8', true],
  ])('%s: %s', (origin, allowed) => {
    expect(guard.allowsOrigin(origin)).toBe(allowed);
  });
});

test('the local stage allows loopback and plain HTTP, and no other private range', () => {
  const local = createAddressGuard(true);
  expect(local.allowsOrigin('http://127.0.0.1:80')).toBe(true);
  expect(local.allowsOrigin('http://[::1]:80')).toBe(true);
  expect(local.allows('10.0.0.1')).toBe(false);
  expect(local.allows('169.254.169.254')).toBe(false);
});

test('a name that resolves to an address that is not allowed is refused when it is looked up', async () => {
  const error = await new Promise((resolve) => guard.lookup('localhost', {}, (refused) => resolve(refused)));
  expect(error).toMatchObject({ code: 'FANOUT_ADDRESS_NOT_ALLOWED' });
});
