import { decodePath } from './decode-path.ts';

/** A route's key (`POST /v1/orgs`, `ANY /files/{proxy+}`, `$default`), taken apart for matching. */
interface ParsedRoute<Route> {
  route: Route;
  method: string;
  segments: Segment[];
}

type Segment = { kind: 'static'; text: string } | { kind: 'parameter' | 'greedy'; name: string };

/** The route that a request goes to, with its decoded path parameters (undefined when the route has none). */
export interface RouteMatch<Route> {
  route: Route;
  pathParameters: Record<string, string> | undefined;
}

const defaultRoute = '$default';
const specificity = { static: 0, parameter: 1, greedy: 2 } as const;

/**
 * Builds the function that finds the route for a request, as API Gateway does: a full match beats a greedy path
 * variable, and `$default` takes what nothing else matches. A route with another method does not match at all.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 *
 * @returns a function of the method and the path as sent; it throws MalformedPath for a malformed escape in a parameter
 * @throws Error for a route key that API Gateway would refuse
 */
export function createRouteTable<Route extends { routeKey: string }>(
  routes: readonly Route[],
): (method: string, path: string) => RouteMatch<Route> | undefined {
  const fallback = routes.find((route) => route.routeKey === defaultRoute);
  const parsed = routes.filter((route) => route !== fallback).map(parseRoute);
  parsed.sort(mostSpecificFirst);
  return (method, path) => {
    const segments = path.slice(1).split('/');
    for (const candidate of parsed) {
      if (candidate.method !== 'ANY' && candidate.method !== method) continue;
      const pathParameters = matchSegments(candidate.segments, segments);
      if (pathParameters === null) continue;
      return { route: candidate.route, pathParameters };
    }
    return fallback && { route: fallback, pathParameters: undefined };
  };
}

function parseRoute<Route extends { routeKey: string }>(route: Route): ParsedRoute<Route> {
  const [, method, path] = /^([A-Z]+) \/(\S*)$/.exec(route.routeKey) ?? [];
  if (method === undefined || path === undefined) {
    throw new Error(`Route key "${route.routeKey}" must be "<METHOD> /<path>" or "${defaultRoute}"`);
  }
  const segments = path.split('/').map(parseSegment);
  if (segments.slice(0, -1).some((segment) => segment.kind === 'greedy')) {
    throw new Error(`Route key "${route.routeKey}": a greedy path variable must be at the end`);
  }
  return { route, method, segments };
}

function parseSegment(text: string): Segment {
  const [, name, plus] = /^\{([^{}+]+)(\+?)\}$/.exec(text) ?? [];
  if (name === undefined) return { kind: 'static', text };
  return { kind: plus ? 'greedy' : 'parameter', name };
}

/** Compares from the left: where two routes differ first, a static segment wins, then a variable, then a greedy one. */
function mostSpecificFirst<Route>(a: ParsedRoute<Route>, b: ParsedRoute<Route>): number {
  for (const [index, segment] of a.segments.entries()) {
    const other = b.segments[index];
    if (!other) break;
    const difference = specificity[segment.kind] - specificity[other.kind];
    if (difference !== 0) return difference;
  }
  return Number(a.method === 'ANY') - Number(b.method === 'ANY');
}

/** Path parameters of a matching path, undefined when there are none; null when the path does not match. */
function matchSegments(pattern: Segment[], path: string[]): Record<string, string> | undefined | null {
  const greedy = pattern.at(-1)?.kind === 'greedy';
  if (greedy ? path.length < pattern.length : path.length !== pattern.length) return null;
  const parameters: [string, string][] = [];
  for (const [index, segment] of pattern.entries()) {
    if (segment.kind === 'static') {
      if (segment.text !== path[index]) return null;
      continue;
    }
    const text = segment.kind === 'greedy' ? path.slice(index).join('/') : path[index];
    if (!text) return null;
    parameters.push([segment.name, decodePath(text)]);
  }
  return parameters.length > 0 ? Object.fromEntries(parameters) : undefined;
}
