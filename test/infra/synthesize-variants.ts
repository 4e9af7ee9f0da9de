import { join } from 'node:path';
import { synthesize } from '../../infra/app.ts';
import { putStubs } from './stage-templates.ts';
import { stageVariants } from './stage-variants.ts';

// Writes the templates of all stages and their variants into folders of the folder that is named on the command line.

const [, , folder] = process.argv;
if (folder === undefined) throw new Error('Name the folder that the templates are to go to');
for (const [name, settings] of Object.entries(stageVariants))
  await synthesize(() => settings, join(folder, name.replaceAll(/\W+/g, '-')), false, putStubs);
