import type { Reporter, TestModule } from 'vitest/node';

/** Ends the run with a line that a machine can read: `N passed, N failed`. */
export class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === 'passed').length;
    const skipped = tests.filter((test) => test.result().state === 'skipped').length;
    // A file that could not be loaded, and an error outside of any test, are failures too.
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const failed = tests.length - passed - skipped + broken + errors.length;
    process.stdout.write(
      `\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
    );
  }
}
