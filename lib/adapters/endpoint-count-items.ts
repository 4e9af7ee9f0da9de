import type { EndpointKey } from '../core/endpoint.ts';
import type { Counts, HourCounts } from '../core/endpoint-counts.ts';
import type { Item } from './dynamodb-batch.ts';
import { expiry } from './event-items.ts';

const daysKept = 2;

export function countPartition({ id, orgId }: EndpointKey): string {
  return `HEALTH#${orgId}#${id}`;
}

/** Sorts by the hour. */
export function countSortKey(beginsMs: number, id = ''): string {
  return `${new Date(beginsMs).toISOString()}#${id}`;
}

/**
 * @param partition its endpoint's
 * @param id of whoever counted: it writes this item alone
 */
export function countItem(partition: string, id: string, hour: HourCounts, nowMs: number): Item {
  const { beginsMs, slots, lastSuccessMs } = hour;
  return {
    pk: { S: partition },
    sk: { S: countSortKey(beginsMs, id) },
    slots: { S: JSON.stringify(slots.map(row)) },
    ...(lastSuccessMs !== undefined && { last_success_ms: { N: String(lastSuccessMs) } }),
    ...expiry(nowMs, daysKept),
  };
}

export function readCountItem(item: Item): HourCounts {
  const lastSuccess = item['last_success_ms']?.N;
  return {
    beginsMs: Date.parse(item['sk']!.S!.split('#')[0]!),
    slots: (JSON.parse(item['slots']!.S!) as Row[]).map(counts),
    ...(lastSuccess !== undefined && { lastSuccessMs: Number(lastSuccess) }),
  };
}

type Row = readonly [attempts: number, failedAttempts: number, delivered: number, failed: number];

function row({ attempts, failedAttempts, delivered, failed }: Counts): Row {
  return [attempts, failedAttempts, delivered, failed];
}

function counts([attempts, failedAttempts, delivered, failed]: Row): Counts {
  return { attempts, failedAttempts, delivered, failed };
}
