import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endpointAlertLog } from '../../lib/adapters/endpoint-alert-log.ts';
import { endpoint } from '../endpoints.ts';

let lines: Record<string, unknown>[];

beforeEach(() => {
  lines = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => {
    lines.push(JSON.parse(line as string) as Record<string, unknown>);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  [70, 'WARN'],
  [100, 'ERROR'],
])('%d percent is a line of level %s, and one of the metric', (percent, level) => {
  const at = '2026-11-21T14:00:00.000Z';
  const alert = { at, since: at, percent, consecutiveFailures: 71 };
  const before = Date.now();
  endpointAlertLog.raise(endpoint({ id: 'ep_1', orgId: 'acme' }), alert, {
    allowed: 100,
    disablesAfterMs: 0,
  });
  expect(lines).toEqual([
    {
      timestamp: expect.any(String) as string,
      level,
      message: 'endpoint failing',
      endpoint: 'ep_1',
      org: 'acme',
      consecutiveFailures: 71,
      allowed: 100,
      percent,
    },
    // As the specification of the embedded metric format has it.
    {
      _aws: {
        Timestamp: expect.any(Number) as number,
        CloudWatchMetrics: [
          {
            Namespace: 'Fanout',
            Dimensions: [['Percent']],
            Metrics: [{ Name: 'EndpointAlerts', Unit: 'Count' }],
          },
        ],
      },
      Percent: String(percent),
      EndpointAlerts: 1,
    },
  ]);
  const { Timestamp } = lines[1]!['_aws'] as { Timestamp: number };
  expect(Timestamp).toBeGreaterThanOrEqual(before);
});

test('what could not be counted is a line with the reason', () => {
  endpointAlertLog.missed(endpoint({ id: 'ep_1' }), new Error('the table is down'));
  expect(lines).toMatchObject([{ level: 'WARN', endpoint: 'ep_1', detail: 'the table is down' }]);
});
