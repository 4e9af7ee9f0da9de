import type { Endpoint } from '../core/endpoint.ts';
import { type FilterTest, compileFilter } from '../core/filter.ts';
import type { PatternCompiler } from '../core/filter-operators.ts';

/** The test of an endpoint's filter; undefined when it has none. Compiled once for each endpoint that was read. */
export type FilterOf = (endpoint: Endpoint) => FilterTest | undefined;

/** @param compilePattern for the `$regex` of filters */
export function createFilterOf(compilePattern: PatternCompiler): FilterOf {
  const tests = new WeakMap<Endpoint, FilterTest>();
  return (endpoint) => {
    if (endpoint.filter === undefined) return undefined;
    const known = tests.get(endpoint);
    if (known) return known;
    const compiled = compileFilter(endpoint.filter, compilePattern);
    if ('faults' in compiled) throw new Error(`the filter of endpoint ${endpoint.id} is not valid any more`);
    tests.set(endpoint, compiled.test);
    return compiled.test;
  };
}
