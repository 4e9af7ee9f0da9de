import { z } from 'zod';
import { RawJson } from '../../core/raw-json.ts';
import { mostGivenLevels } from '../../core/run-limits.ts';
import { parseJson } from '../../core/templates/json-value.ts';

/** Any JSON that templates are to see, as it was written. */
export const givenJson = z
  .instanceof(RawJson)
  .refine(
    ({ text }) => parseJson(text, mostGivenLevels) !== undefined,
    `has objects and arrays in each other more than ${mostGivenLevels} deep`,
  );
