import type { LookupAddress } from 'node:dns';
import { describe, expect, test } from 'vitest';
import { createAddressGuard, type ResolveName } from '../../lib/adapters/address-guard.ts';
import { compilePattern } from '../../lib/adapters/re2-patterns.ts';
import type { TargetRules } from '../../lib/adapters/target-rules.ts';
import { endpointSchemas } from '../../lib/app/api/endpoint-schemas.ts';
import type { Problem } from '../../lib/app/api/problem.ts';
import { webhookUrlRule } from '../../lib/app/api/url-rule.ts';
import { webhookEndpoints } from '../../lib/app/api/webhook-endpoints.ts';
import { refusedAddresses as refused, stageRanges } from './refused-addresses.ts';

const rules: TargetRules = {
  allowLoopback: false,
  ports: [443, 8443],
  deniedRanges: stageRanges,
};
const guard = createAddressGuard(rules);

test.each([
  '8.8.8.8',
  '52.93.255.255',
  '52.95.0.0',
  '172.15.255.255',
  '172.32.0.1',
  '192.169.0.1',
  '223.255.255.255',
  '2600::1',
  '2600:1f19::1',
  '2a00:1450:4001:800::200e',
])('%s is public', (address) => {
  expect(guard.allows(address)).toBe(true);
});

test.each(refused)('%s is not public: %s', (address) => {
  expect(guard.allows(address)).toBe(false);
});

test('what is no address is not public', () => {
  for (const text of ['', 'not an address', '127.1', '8.8.8.8/32']) expect(guard.allows(text)).toBe(false);
});

describe('a webhook’s URL', () => {
  const address = 'must be https and a public address';
  const port = 'must use port 443 or 8443';
  const urlRule = webhookUrlRule(guard.originFault, rules);
  const webhooks = webhookEndpoints(endpointSchemas({ retentionDays: 30, compilePattern }), urlRule);
  const made = { orgId: 'acme', createdAt: '', updatedAt: '' };
  const faultOf = (url: string) => {
    try {
      webhooks.create({ type: 'webhook', config: { url } }, made);
      return undefined;
    } catch (error) {
      return (error as Problem).errors.map(({ path, message }) => `${path} ${message}`);
    }
  };

  test.each([
    'https://example.com',
    'https://example.com:8443/a?b',
    'https://8.8.8.8',
    'https://[2600::1]:443',
  ])('%s may be saved', (url) => {
    expect(faultOf(url)).toBeUndefined();
  });

  test.each([
    ['http://example.com', address],
    ['ftp://example.com', address],
    ['file:///etc/passwd', address],
    ['data:text/plain,x', address],
    ['javascript:alert(1)', address],
    ['blob:https://example.com/x', address],
    ['https://127.0.0.1', address],
    ['https://127.1', address],
    ['https:127.0.0.1', address],
    ['https:\\\\127.0.0.1', address],
    ['https://127.0.0.1.', address],
    ['https://0', address],
    ['https://0x7f.1', address],
    ['https://0x7f000001', address],
    ['https://2130706433', address],
    ['https://017700000001', address],
    ['https://0177.0.0.1', address],
    ['https://0300.0250.1.1', address],
    ['https://127。0。0。1', address],
    ['https://１２７.０.０.１', address],
    ['https://%31%32%37.0.0.1', address],
    ['https://169.254.169.254/latest/meta-data', address],
    ['https://0xa9fea9fe', address],
    ['https://10.0.0.1', address],
    ['https://192.168.0.1', address],
    ['https://52.94.1.1', address],
    ['https://[::1]', address],
    ['https://[::]', address],
    ['https://[::127.0.0.1]', address],
    ['https://[::ffff:127.0.0.1]', address],
    ['https://[::ffff:7f00:1]', address],
    ['https://[0:0:0:0:0:ffff:a9fe:a9fe]', address],
    ['https://[64:ff9b::169.254.169.254]', address],
    ['https://[2002:a9fe:a9fe::]', address],
    ['https://[fe80::1]', address],
    ['https://[fd00:ec2::254]', address],
    ['https://[2600:1f18::1]', address],
    ['https://example.com:80', port],
    ['https://example.com:22', port],
    ['https://8.8.8.8:6379', port],
    ['https://example.com:0', port],
    ['https://user@example.com', 'must not hold a user name or password'],
    ['https://:password@example.com', 'must not hold a user name or password'],
    ['https://example.com@127.0.0.1', 'must not hold a user name or password'],
    ['https://example.com#@127.0.0.1', 'must not have a fragment'],
    ['https://[fe80::1%25eth0]', 'must be a URL, such as https://example.com/hook'],
    ['https://1.2.3.4.5', 'must be a URL, such as https://example.com/hook'],
    ['https://example.com:65536', 'must be a URL, such as https://example.com/hook'],
    ['//127.0.0.1', 'must be a URL, such as https://example.com/hook'],
  ])('%s may not: %s', (url, fault) => {
    expect(faultOf(url)).toEqual([`config.url ${fault}`]);
  });
});

test('the local stage allows loopback, plain HTTP and any port, and no other private range', () => {
  const local = createAddressGuard({ allowLoopback: true, ports: 'any', deniedRanges: ['127.9.0.0/16'] });
  expect(local.originFault('http://127.0.0.1:80')).toBeUndefined();
  expect(local.originFault('http://[::1]:8080')).toBeUndefined();
  expect(local.allows('10.0.0.1')).toBe(false);
  expect(local.allows('169.254.169.254')).toBe(false);
  expect(local.allows('127.9.0.1')).toBe(false);
});

test('a port is that of the scheme where the URL names none', () => {
  const only80 = createAddressGuard({ allowLoopback: true, ports: [80], deniedRanges: [] });
  expect(only80.originFault('http://127.0.0.1')).toBeUndefined();
  expect(only80.originFault('https://127.0.0.1')).toBe('port');
  expect(only80.originFault('https://127.0.0.1:80')).toBeUndefined();
});

describe('a name', () => {
  const lookUp = (addresses: readonly string[], all: boolean) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const resolveName: ResolveName = (_, __, callback) => callback(null, found);
    return new Promise((resolve) => {
      const answer = (error: Error | null, result: string | LookupAddress[], family?: number) =>
        resolve(error ?? (all ? result : [result, family]));
      createAddressGuard(rules, resolveName).lookup('hooks.example.com', { all }, answer);
    });
  };
  const error = {
    code: 'FANOUT_ADDRESS_NOT_ALLOWED',
    message: 'hooks.example.com is not a public address',
  };

  test.each(refused)('that resolves to %s (%s) is refused, alone or beside public ones', async (address) => {
    for (const addresses of [[address], ['8.8.8.8', address], [address, '8.8.8.8'], ['2600::1', address]]) {
      expect(await lookUp(addresses, true)).toMatchObject(error);
      expect(await lookUp(addresses, false)).toMatchObject(error);
    }
  });

  test('that resolves to public addresses gets them', async () => {
    expect(await lookUp(['8.8.8.8', '2600::1'], true)).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2600::1', family: 6 },
    ]);
    expect(await lookUp(['8.8.8.8', '2600::1'], false)).toEqual(['8.8.8.8', 4]);
  });

  test('that resolves to nothing is refused', async () => {
    expect(await lookUp([], true)).toMatchObject(error);
  });

  test('that the machine knows as its own is refused', async () => {
    const refusal = new Promise((resolve) => guard.lookup('localhost', {}, (found) => resolve(found)));
    expect(await refusal).toMatchObject({ code: 'FANOUT_ADDRESS_NOT_ALLOWED' });
  });
});
