import { z } from 'zod';
import { type Document, type Documents, InvalidCursor, type ListRequest } from '../ports/documents.ts';
import { checkInput } from './operation.ts';
import { Problem, notFound } from './problem.ts';

/** Parameters of every list. */
export const listParameters = {
  limit: z.coerce.number('must be a whole number from 1 to 100').int().min(1).max(100).default(50),
  cursor: z.string().max(2000).optional(),
};
/** The query of a list without filters. */
export const listQuery = z.strictObject(listParameters);

/** The page that a list call asks for: `limit` from 1 to 100, 50 without; `cursor` from the page before. */
export function readListQuery(
  query: Readonly<Record<string, string>>,
): Pick<ListRequest, 'limit' | 'cursor'> {
  return checkInput(listQuery, query);
}

/** A list as the API answers it. */
export async function listDocuments<T extends Document>(
  documents: Documents<T>,
  query: Readonly<Record<string, string>>,
  orgId: string | undefined,
  present: (document: T) => unknown,
) {
  const page = await knownCursor(documents.list({ ...readListQuery(query), orgId }));
  return { status: 200, body: { data: page.items.map(present), next_cursor: page.nextCursor ?? null } };
}

/**
 * A list of what belongs to an org.
 * @throws Problem when there is no such org
 */
export async function listOfOrg<T extends Document>(
  documents: Documents<T>,
  orgs: Pick<Documents<Document>, 'get'>,
  query: Readonly<Record<string, string>>,
  orgId: string,
  present: (document: T) => unknown,
) {
  const answer = await listDocuments(documents, query, orgId, present);
  if (answer.body.data.length === 0 && !(await orgs.get(orgId))) throw notFound('org', orgId);
  return answer;
}

/** @throws Problem in place of InvalidCursor */
export async function knownCursor<T>(page: Promise<T>): Promise<T> {
  try {
    return await page;
  } catch (error) {
    if (!(error instanceof InvalidCursor)) throw error;
    throw unknownCursor();
  }
}

/** The problem for a cursor that no answer of the list held. */
export function unknownCursor(): Problem {
  const message = 'is not a next_cursor of this list';
  return new Problem('invalid_request', '1 field is not valid.', [{ path: 'cursor', message }]);
}
