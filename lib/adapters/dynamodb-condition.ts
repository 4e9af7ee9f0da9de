import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';

/**
 * @param write one that has a condition
 * @returns whether the condition held
 * @throws any other failure
 */
export async function conditionHeld(write: Promise<unknown>): Promise<boolean> {
  return (await refusalOf(write)) === undefined;
}

/**
 * @param write one that has a condition
 * @returns undefined when it held; else the refusal, with the item as it is if the write asks for that
 * @throws any other failure
 */
export async function refusalOf(
  write: Promise<unknown>,
): Promise<ConditionalCheckFailedException | undefined> {
  try {
    await write;
    return undefined;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return error;
    throw error;
  }
}
