import type { StackProps } from 'aws-cdk-lib';
import type { StageSettings } from '../stages.ts';

/** What every stack of a stage is given. */
export interface FanoutStackProps extends StackProps {
  readonly settings: StageSettings;
  /** The folder that holds the bundles of all functions. */
  readonly functions: string;
}
