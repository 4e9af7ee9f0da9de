import type { FieldNotes } from './description.ts';

/** Whole numbers in a query, which is text. */
export const placeNotes: FieldNotes = {
  partition: { type: 'integer', pattern: undefined, minimum: 0, maximum: 2 ** 14 - 1 },
  offset: { type: 'integer', pattern: undefined, minimum: 0, maximum: 2 ** 46 - 1 },
};

/** Stands for those of a deployment, which are nobody's business who has no key: the notes take its name out. */
export const anySource = { name: 'any', number: 1, topic: 'any' };
export const sourceNote = { enum: undefined, const: undefined, description: "A source's name." };
export const topicNote = { enum: undefined, const: undefined, description: "A source's topic." };
