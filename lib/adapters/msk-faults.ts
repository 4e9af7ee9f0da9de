import { StreamClusterFault } from '../app/ports/stream-cluster.ts';

/** Makes a call of AWS. Rejects with `StreamClusterFault`. */
export async function callAws<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    throw faultOfAws(error);
  }
}

/**
 * Makes a call of AWS that may fail in a way that is an answer.
 * @param meant names of those errors
 * @returns undefined for one of them
 */
export async function callAwsUnless<Answer>(
  meant: readonly string[],
  call: Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && meant.includes(error.name)) return undefined;
    throw faultOfAws(error);
  }
}

function faultOfAws(error: unknown): StreamClusterFault {
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  const text = `${name}: ${message}`;
  if (/AccessDenied|Forbidden|Unauthorized|UnrecognizedClient/.test(name))
    return new StreamClusterFault('not_permitted', text, error);
  const isPassing =
    status === undefined || status === 429 || status >= 500 || /Throttling|TooManyRequests/.test(name);
  return new StreamClusterFault(isPassing ? 'unreachable' : 'refused', text, error);
}
