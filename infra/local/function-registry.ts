import type { LocalFunction } from './local-function.ts';

/** The functions of the templates, by what other resources call them. */
export class FunctionRegistry {
  readonly #byArn = new Map<string, LocalFunction>();

  add(arn: string, localFunction: LocalFunction): void {
    this.#byArn.set(arn, localFunction);
  }

  /**
   * @param arnOrName as CloudFormation takes it
   * @throws Error when the templates have no such function
   */
  get(arnOrName: string): LocalFunction {
    const found = this.#byArn.get(arnOrName) ?? this.all().find(({ name }) => name === arnOrName);
    if (!found) throw new Error(`The templates have no function '${arnOrName}'.`);
    return found;
  }

  all(): LocalFunction[] {
    return [...this.#byArn.values()];
  }
}
