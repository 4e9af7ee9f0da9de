import { z } from 'zod';
import { noOrg } from '../../core/journal.ts';
import type { EventReader } from '../ports/events.ts';
import type { PublishedEvents } from '../ports/published-events.ts';
import { type Caller, checkInput } from './operation.ts';
import { idSchema } from './orgs.ts';
import { Problem, notFound } from './problem.ts';

export interface NamedEventDependencies {
  readonly events: Pick<EventReader, 'find'>;
  readonly published: Pick<PublishedEvents, 'named'>;
}

/** The query of what names an event. */
export const namedQuery = z.strictObject({ org: idSchema.optional() });

/** An event's id, and what of it a caller may see: at least one part. */
export interface NamedEvent {
  readonly id: string;
  readonly found: Awaited<ReturnType<EventReader['find']>>;
}

/** Whether a caller may see what concerns an org. */
export function maySee({ role, orgId }: Caller, org: string): boolean {
  return role === 'operator' || (org !== noOrg && org === orgId);
}

/**
 * The event that a path names, by the id that Fanout gave it or the one that its publisher did. Given ids are an org's own:
 * operators name it in the query, as `org`.
 * @throws Problem when the caller can see none
 */
export async function namedEvent(
  dependencies: NamedEventDependencies,
  name: string,
  caller: Caller,
  query: Readonly<Record<string, string>>,
): Promise<NamedEvent> {
  const isOperator = caller.role === 'operator';
  const orgId = checkInput(namedQuery, query).org ?? caller.orgId;
  if (!isOperator && orgId !== caller.orgId)
    throw new Problem('forbidden', 'This key belongs to another org.');
  const event = await findNamed(dependencies, name, orgId, isOperator ? undefined : caller.orgId);
  const found = event?.found.filter((part) => maySee(caller, part.orgId)) ?? [];
  if (event && found.length > 0) return { id: event.id, found };
  if (!isOperator || orgId !== undefined) throw notFound('event', name);
  const hint = 'One whose id its publisher gave is found with ?org=.';
  throw new Problem('not_found', `${notFound('event', name).message} ${hint}`);
}

/**
 * @param orgId whose publishers may have given the name
 * @param only the only org whose part of the event is looked for
 */
export async function findNamed(
  { events, published }: NamedEventDependencies,
  name: string,
  orgId: string | undefined,
  only: string | undefined,
): Promise<NamedEvent | undefined> {
  const found = await events.find(name, only);
  if (found.length > 0) return { id: name, found };
  const id = orgId === undefined ? undefined : await published.named(orgId, name);
  return id === undefined ? undefined : { id, found: await events.find(id, only) };
}
