/*
 * What runs inside the sandbox besides the user's code, as source text. It is evaluated before that code, keeps the
 * built-in functions it needs, and uses nothing that code could have replaced since: no method of an array, a string
 * or an iterator. Whatever the user's code does is undone before the next record.
 */

/** The most events that one record may become. */
export const mostEvents = 1000;

/** The most bytes of JSON that one record may become. */
export const mostResultBytes = 4 * 1024 * 1024;

/** The first line of what the harness says of a record, and what follows it. */
export type GuestAnswer =
  /** The events as JSON, one a line. */
  | 'events'
  /** What was returned that is no event, and what would be right. */
  | 'result'
  /** Name, message and stack of what the transform threw, as a JSON array. */
  | 'thrown'
  /** The same, of what was thrown while the result was read and written as JSON. */
  | 'unwritten'
  /** Nothing: the memory was used up. */
  | 'memory'
  /** Nothing: the payload is nested too deep to be parsed. */
  | 'nested';

/**
 * Takes a transform, and gives the function that the host calls for each record.
 *
 * Math.random starts anew with each record, from a seed that the host gives. QuickJS's own would give each record the
 * same numbers, as the memory of all of them begins alike.
 */
export const harnessSource = `(function () {
  'use strict';
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const { imul } = Math;
  const { InternalError } = globalThis;
  const slice = Function.prototype.call.bind(String.prototype.slice);

  // Mulberry32.
  let state = 0;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  Object.defineProperty(Math, 'random', { value: random, writable: true, configurable: true });

  const isObject = (value) => typeof value === 'object' && value !== null && !isArray(value);
  const isPromise = (value) => isObject(value) && typeof value.then === 'function';
  const nameOf = (value) => {
    if (value === undefined) return 'undefined';
    if (value === null) return 'null';
    if (isPromise(value)) return 'a promise';
    return isArray(value) ? 'an array' : isObject(value) ? 'an object' : 'a ' + typeof value;
  };

  const short = (value) => stringify(typeof value === 'string' ? slice(value, 0, 4000) : '');
  const failure = (kind, error) => {
    if (typeof error === 'string') return kind + '\\n["",' + short(error) + ',""]';
    if (!isObject(error)) return kind + '\\n["","' + nameOf(error) + '",""]';
    try {
      if (error instanceof InternalError && error.message === 'out of memory') return 'memory\\n';
      return kind + '\\n[' + short(error.name) + ',' + short(error.message) + ',' + short(error.stack) + ']';
    } catch {
      return kind + '\\n["","an object that cannot be read",""]';
    }
  };

  const wrong = (what) => 'result\\nthe transform returned ' + what;
  const eventText = (event) => {
    if (!isObject(event) || isPromise(event)) return undefined;
    const text = stringify(event);
    // With a toJSON of its own, an object may write itself as anything.
    return text !== undefined && text[0] === '{' ? text : undefined;
  };
  const answer = (result) => {
    if (result === null) return 'events';
    const several = isArray(result);
    const count = several ? +result.length : 1;
    if (count > ${mostEvents}) return wrong(count + ' events; the most is ${mostEvents}');
    let texts = 'events';
    for (let index = 0; index < count; index++) {
      const event = several ? result[index] : result;
      const text = eventText(event);
      if (text === undefined) {
        if (isPromise(event)) return wrong('a promise; it must return at once, without async');
        const what = isObject(event) ? 'an object that writes itself as something else' : nameOf(event);
        return several
          ? wrong('an array whose element ' + index + ' is ' + what + '; each must be an event (an object)')
          : wrong(what + '; return an event (an object), an array of events, or null to skip the record');
      }
      texts += '\\n' + text;
      if (texts.length > ${mostResultBytes}) return wrong('too much; the most is ${mostResultBytes} bytes of JSON');
    }
    return texts;
  };

  return (transform) => (text, contextText, seed) => {
    let payload, context, result;
    state = seed;
    try {
      payload = parse(text);
      context = parse(contextText);
    } catch (error) {
      return error instanceof InternalError ? 'memory\\n' : 'nested\\n';
    }
    try {
      result = transform(payload, context);
    } catch (error) {
      return failure('thrown', error);
    }
    try {
      return answer(result);
    } catch (error) {
      return failure('unwritten', error);
    }
  };
})()`;

/**
 * Gives the transform that the user's code defines, a script's top-level const and let included, or a message when it
 * cannot give its events at once.
 */
export const transformSource = `typeof transform !== 'function' ? undefined
  : /^\\[object (Async|Generator|AsyncGenerator)Function\\]$/.test(Object.prototype.toString.call(transform))
    ? 'transform must return its events at once: it must not be async, and no generator'
    : transform`;

/**
 * Takes a JMESPath expression; gives its transform, or a message and a column, one a line, when it cannot be compiled.
 * @param jmespathSource the text of jmespath.js. It compiles an expression for each search, and what would do so once
 *   is not exported; so this adds an export of its own.
 */
export function jmespathCompilerSource(jmespathSource: string): string {
  const lastExport = 'exports.search = search;';
  if (!jmespathSource.includes(lastExport))
    throw new Error('jmespath.js is not the version that lib/adapters/quickjs-guest.ts knows');
  return `(function (exports) {${jmespathSource.replace(lastExport, `${lastExport}${jmespathCompile}`)}
return exports.compileOnce; })({})`;
}

const jmespathCompile = `
  exports.compileOnce = function (expression) {
    var runtime = new Runtime();
    var interpreter = new TreeInterpreter(runtime);
    runtime._interpreter = interpreter;
    var lexer = new Lexer();
    lexer._consumeOperator = function (stream) {
      var token = Lexer.prototype._consumeOperator.call(this, stream);
      if (token !== undefined) return token;
      this._current--;
      throw new Error('Unknown operator: =, did you mean ==?');
    };
    var parser = new Parser();
    parser._loadTokens = function () {
      this.tokens = lexer.tokenize(expression);
      this.tokens.push({ type: TOK_EOF, value: '', start: expression.length });
    };
    var checkFunctions = function (node) {
      if (typeof node !== 'object' || node === null || node.type === 'Literal') return;
      if (node.type === 'Function' && !hasOwnProperty.call(runtime.functionTable, node.name)) {
        throw new Error('Unknown function: ' + node.name + '()');
      }
      for (var name in node) checkFunctions(node[name]);
    };
    var tree;
    try {
      tree = parser.parse(expression);
      checkFunctions(tree);
    } catch (error) {
      if (tree !== undefined) return error.message + '\\n';
      if (parser.tokens === undefined) return error.message + '\\n' + (lexer._current + 1);
      // An invalid token has been taken when it is found out, any other has not.
      var token = parser.tokens[parser.index - (error.message.indexOf('Invalid token') === 0 ? 1 : 0)];
      return error.message + '\\n' + (token === undefined ? '' : token.start + 1);
    }
    return function (payload) {
      var result = interpreter.search(tree, payload);
      return result === undefined ? null : result;
    };
  };`;
