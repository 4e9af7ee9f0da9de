import { environment } from './environment.ts';

/** Where webhooks may go, as the stage's settings say. */
export interface TargetRules {
  /** For the local stage only: lets plain HTTP, 127.0.0.0/8 and ::1 pass, and no other private range. */
  readonly allowLoopback: boolean;
  /** The ports that may be connected to. */
  readonly ports: readonly number[] | 'any';
  /** Address ranges that are refused although they are public, such as `203.0.113.0/24`: the stage's own. */
  readonly deniedRanges: readonly string[];
  /** PEM: authorities that are trusted beside those that Node.js knows, for Kafka endpoints. */
  readonly certificateAuthorities?: readonly string[];
}

/** The rules that the function was deployed with. */
export function readTargetRules(): TargetRules {
  const rules = JSON.parse(environment('WEBHOOK_TARGETS')) as Omit<TargetRules, 'allowLoopback'>;
  return { ...rules, allowLoopback: environment('ALLOW_LOOPBACK_TARGETS') === 'true' };
}
