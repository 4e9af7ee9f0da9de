import { environment } from './environment.ts';
import { readSecret } from './secrets.ts';

/** The keys that the deploy made for functions that read events and endpoints; asked for side by side, as a cold start waits. */
export async function readOwnKeys(): Promise<{ eventIdKey: string; sealKey: string }> {
  const [eventIdKey, sealKey] = await Promise.all([
    readSecret(environment('EVENT_ID_KEY_SECRET')),
    readSecret(environment('SEAL_KEY_SECRET')),
  ]);
  return { eventIdKey, sealKey };
}
