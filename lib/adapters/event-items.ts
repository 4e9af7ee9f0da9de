import type { Item } from './dynamodb-batch.ts';

/** Offsets and indexes as text that sorts as the numbers do. */
export function sortable(number: number): string {
  return String(number).padStart(16, '0');
}

/** When an item's time to live ends. */
export function expiry(nowMs: number, retentionDays: number): Item {
  return { expires_at: { N: String(Math.floor(nowMs / 1000) + retentionDays * 86_400) } };
}
