import { type Check, whole } from './source-problems.ts';

/** Who hears of a stage, how much it is asked at most, and who pays for it. */
export interface OperationSettings {
  /**
   * Calls of the API that are let in, those without a valid key too, which cost an invocation as well: on average in a second
   * (1 to 10000, which is all that an account has at first), and at once (1 to 5000). Others get 429.
   */
  readonly apiLimit: { readonly callsPerSecond: number; readonly burst: number };
  /** Alarms are sent there, once the address has confirmed it. Without it, they only show in CloudWatch. */
  readonly alarmEmail?: string;
  /** Tags of all resources, for the bill: activate them as cost allocation tags. `application` and `stage` are there anyway. */
  readonly costTags: Readonly<Record<string, string>>;
}

/** Checks the limits, the address and the tags. */
export function checkOperation({ apiLimit, alarmEmail, costTags }: OperationSettings, check: Check): void {
  check(
    whole(apiLimit.callsPerSecond, 1, 10_000),
    'apiLimit.callsPerSecond',
    'must be a whole number from 1 to 10000',
  );
  check(whole(apiLimit.burst, 1, 5000), 'apiLimit.burst', 'must be a whole number from 1 to 5000');
  check(
    alarmEmail === undefined || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(alarmEmail),
    'alarmEmail',
    `"${alarmEmail}" is not an e-mail address`,
  );
  // For IAM's roles, names that differ in case are the same.
  const taken = new Set(['application', 'stage']);
  for (const [name, value] of Object.entries(costTags)) {
    check(
      /^[\p{L}\p{N} _.:/=+@-]{1,128}$/u.test(name) && !/^aws:/i.test(name),
      `costTags.${name}`,
      'is not the name of a tag: 1 to 128 letters, digits, spaces and _.:/=+@-, not beginning with aws:',
    );
    check(!taken.has(name.toLowerCase()), `costTags.${name}`, 'is there already, or what Fanout sets itself');
    taken.add(name.toLowerCase());
    check(
      /^[\p{L}\p{N} _.:/=+@-]{0,256}$/u.test(value),
      `costTags.${name}`,
      'must have at most 256 letters, digits, spaces and _.:/=+@-',
    );
  }
}
