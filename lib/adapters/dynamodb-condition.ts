import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';

/**
 * @param write one that has a condition
 * @returns whether the condition held
 * @throws any other failure
 */
export async function conditionHeld(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
