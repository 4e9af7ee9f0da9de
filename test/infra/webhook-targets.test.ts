import { expect, test } from 'vitest';
import { deliverySettings } from '../../infra/settings-environment.ts';
import { type StageSettings, stageProblems, stages } from '../../infra/stages.ts';

const stage = (change: Partial<StageSettings>): StageSettings => ({ ...stages.production, ...change });

test('webhooks of stages on AWS go to port 443, those of the local stage to any', () => {
  expect([stages.sandbox.webhookPorts, stages.production.webhookPorts]).toEqual([[443], [443]]);
  expect(stages.local.webhookPorts).toBe('any');
});

test.each([
  { webhookPorts: [443, 8443] },
  { webhookPorts: 'any' },
  { deniedAddressRanges: ['203.0.113.0/24', '52.94.76.10/32', '0.0.0.0/0', '2600:1f18::/32', '::/0'] },
] as Partial<StageSettings>[])('%j can be built, and the functions are told', (change) => {
  const settings = stage(change);
  expect(stageProblems(settings)).toEqual([]);
  expect(JSON.parse(deliverySettings(settings)['WEBHOOK_TARGETS']!)).toEqual({
    ports: settings.webhookPorts,
    deniedRanges: settings.deniedAddressRanges,
    certificateAuthorities: settings.kafkaCertificateAuthorities,
  });
});

test.each([
  [{ webhookPorts: [] }, "webhookPorts: must be 'any' or 1 to 20 ports, each once"],
  [{ webhookPorts: [443, 443] }, "webhookPorts: must be 'any' or 1 to 20 ports, each once"],
  [{ webhookPorts: [0] }, 'webhookPorts: 0 is not a port from 1 to 65535'],
  [{ webhookPorts: [65_536] }, 'webhookPorts: 65536 is not a port from 1 to 65535'],
  [{ webhookPorts: [80.5] }, 'webhookPorts: 80.5 is not a port from 1 to 65535'],
  ...[
    '',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0/8',
    '2600::/129',
    '2600::/',
    'fe80::%1/64',
    'example.com/24',
    '1.2.3.4/8/9',
  ].map((range) => [
    { deniedAddressRanges: [range] },
    `deniedAddressRanges: "${range}" is not a range in CIDR notation, such as 203.0.113.0/24 or 2600:1f18::/32`,
  ]),
  [
    { kafkaCertificateAuthorities: ['none'] },
    'kafkaCertificateAuthorities: number 1 is no certificate in PEM',
  ],
] as [Partial<StageSettings>, string][])('%j is refused: %s', (change, problem) => {
  expect(stageProblems(stage(change))).toEqual([problem]);
});

test('more ranges than a function’s environment has room for are refused', () => {
  const deniedAddressRanges = Array.from({ length: 250 }, (_, at) => `52.94.${at}.0/24`);
  expect(stageProblems(stage({ deniedAddressRanges }))).toEqual([
    expect.stringMatching(/^deniedAddressRanges: take, with the sources, \d+ of the 3072 bytes/),
  ]);
});
