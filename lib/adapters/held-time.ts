import { environment } from './environment.ts';

/** How long a delivery is held at most, milliseconds. */
export function readHeldMs(): number {
  return Number(environment('HELD_DAYS')) * 86_400_000;
}
