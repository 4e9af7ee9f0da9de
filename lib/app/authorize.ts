import { type ApiKey, apiKeyId, hashOf, isApiKey } from '../core/api-key.ts';
import type { Caller } from './api/operation.ts';
import type { Documents } from './ports/documents.ts';

/**
 * Finds out who calls.
 * @param authorization the header's value, `Bearer <key>`
 * @param operatorKey the operator key that the deploy made
 * @returns undefined when the key is not valid
 */
export async function authorize(
  keys: Pick<Documents<ApiKey>, 'get'>,
  operatorKey: string,
  authorization: string,
): Promise<Caller | undefined> {
  const key = /^bearer +(\S{1,200})$/i.exec(authorization.trim())?.[1];
  if (key === undefined) return undefined;
  if (isApiKey(key, hashOf(operatorKey))) return { role: 'operator' };
  const id = apiKeyId(key);
  const kept = id && (await keys.get(id));
  return kept && isApiKey(key, kept.hash) ? { role: kept.role, orgId: kept.orgId } : undefined;
}
