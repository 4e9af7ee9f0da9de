import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import type { AwsCall } from '../../infra/local/aws-calls.ts';
import type { StackTemplate } from '../../infra/local/cloud-assembly.ts';
import { type MadeCall, type Permission, mayCall, permissionsOf } from './role-permissions.ts';

/** What one start of Fanout tells the check at the end of the whole run. */
export interface WatchedCalls {
  readonly testPath: string;
  readonly calls: readonly MadeCall[];
  /** Of the local stage as it stands; none where a test changed it. */
  readonly permissions: readonly Permission[];
}

/** Watches what functions ask of AWS. */
export function watchCalls() {
  const calls: MadeCall[] = [];
  return {
    note: (functionName: string, call: AwsCall) => void calls.push({ functionName, ...call }),
    /** @throws Error with the calls that the functions' roles do not allow */
    check(stacks: readonly StackTemplate[], hasOwnSettings: boolean): void {
      const permissions = permissionsOf(stacks);
      const refused = calls.filter((call) => !mayCall(permissions, call));
      if (refused.length > 0) throw new Error(`Roles do not allow: ${JSON.stringify(refused, null, 1)}`);
      const watched: WatchedCalls = {
        testPath: expect.getState().testPath!,
        calls,
        permissions: hasOwnSettings ? [] : permissions,
      };
      writeFileSync(join(inject('sharedFolder'), `calls-${randomUUID()}.json`), JSON.stringify(watched));
    },
  };
}
