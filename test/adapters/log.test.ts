import { afterEach, expect, test, vi } from 'vitest';
import { metrics } from '../../lib/adapters/log.ts';

afterEach(() => vi.restoreAllMocks());

test('values of one unit of work are one line, in the namespace of the stage', () => {
  vi.stubEnv('METRICS_NAMESPACE', 'Fanout/sandbox');
  const lines: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  metrics({ Records: 3, Quarantined: 0 }, { Source: 'ingest' });
  metrics({ Delivered: 2 });
  vi.unstubAllEnvs();
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      _aws: {
        Timestamp: expect.any(Number) as number,
        CloudWatchMetrics: [
          {
            Namespace: 'Fanout/sandbox',
            Dimensions: [['Source']],
            Metrics: [
              { Name: 'Records', Unit: 'Count' },
              { Name: 'Quarantined', Unit: 'Count' },
            ],
          },
        ],
      },
      Source: 'ingest',
      Records: 3,
      Quarantined: 0,
    },
    expect.objectContaining({ Delivered: 2 }),
  ]);
});
