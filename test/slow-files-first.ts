import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take minutes, the longest first; beside them the short ones fill the time of the other workers. */
const slow = [
  'e2e/faults.',
  'e2e/fan-out.',
  'e2e/replays.',
  'e2e/org-streams.',
  'e2e/long-schedule.',
  // It synthesizes and starts on its own, which the first ones do as well.
  'e2e/processes.',
  'app/provision-',
  'contracts/',
  'e2e/',
  'app/publish-',
  'infra/local/',
];

/** Begins with the files that take longest, so that none of them is left for the end. */
export class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = slow.findIndex((part) => moduleId.includes(`/test/${part}`));
      return at === -1 ? slow.length : at;
    };
    return [...files].sort((one, other) => rank(one) - rank(other));
  }
}
