import { z } from 'zod';
import { givenIdPattern } from '../../core/given-id.ts';

/** The id that a publisher gives to an event, or the one that Fanout does. */
export const eventNameSchema = z
  .string()
  .regex(givenIdPattern, 'must be 1 to 128 letters, digits, _, : and -, and begin with a letter or digit');
