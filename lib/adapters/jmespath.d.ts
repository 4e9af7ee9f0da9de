/** What is used of the package, which has no types of its own. */
declare module 'jmespath' {
  namespace jmespath {
    /** A node of a compiled expression: what else it holds depends on its type. */
    interface Node {
      readonly type: string;
      readonly name?: string;
      readonly value?: unknown;
      readonly children?: readonly Node[];
    }
    interface Token {
      readonly type: string;
      readonly value: unknown;
      readonly start: number;
    }
    /** @throws Error for what is no expression */
    function compile(expression: string): Node;
    /** A token is undefined where the lexer does not know an operator. */
    function tokenize(expression: string): (Token | undefined)[];
    function search(data: unknown, expression: string): unknown;
  }
  export = jmespath;
}
