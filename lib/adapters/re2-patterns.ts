import { RE2JS } from 're2js';
import type { PatternCompiler } from '../core/filter-operators.ts';

/** Regular expressions of users, in RE2's syntax: no look-around and no back-references, and linear time on any text. */
export const compilePattern: PatternCompiler = (pattern) => {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matcher(text).find();
};
