import { createHmac, randomBytes } from 'node:crypto';
import { type EventAddress, publishedSource } from './event-id.ts';

/** What the ids of a publish call's events have in common: their addresses but for the index. */
export type CallPlace = Omit<EventAddress, 'index'>;

/** The place of a call that nothing repeats: 60 random bits. */
export function randomCallPlace(): CallPlace {
  return placeIn(randomBytes(8));
}

/**
 * The place of a call with an Idempotency-Key: the same whenever the call is repeated.
 * @param secret keeps others from making keys whose calls stand at one place
 * @param startedMs when the call was made first: a key that is used anew after its window makes other events
 */
export function callPlaceOf(secret: string, orgId: string, key: string, startedMs: number): CallPlace {
  const call = JSON.stringify([orgId, startedMs, key]);
  return placeIn(createHmac('sha256', secret).update(`publish call\n${call}`).digest());
}

/** 14 bits for the partition and 46 for the offset, as an event id has them. */
function placeIn(bytes: Buffer): CallPlace {
  return {
    source: publishedSource,
    partition: bytes.readUInt16BE(0) % 2 ** 14,
    offset: bytes.readUIntBE(2, 6) % 2 ** 46,
  };
}
