/**
 * Options of AWS clients: an engine that accepts connections and never answers fails a request after 3 s instead of
 * holding the invocation, and each request is tried three times.
 */
export const boundedRequests = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
} as const;
