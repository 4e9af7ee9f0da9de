import type { Target } from '../../core/record-event.ts';
import type { Org } from '../../core/org.ts';
import type { Documents } from '../ports/documents.ts';

/** Why an event concerns no endpoint at all: most often its owner's id is misspelt. */
export async function whyNobody(
  orgs: Pick<Documents<Org>, 'get'>,
  target: Target,
): Promise<'unknown_owner' | 'no_endpoints'> {
  const isUnknown = target.type === 'fanout' && (await orgs.get(target.ownerId)) === undefined;
  return isUnknown ? 'unknown_owner' : 'no_endpoints';
}
