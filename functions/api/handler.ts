import { serveOperations } from '../../lib/adapters/serve-operations.ts';
import { operations } from './operations.ts';

/** Answers the routes of the API that need no Kafka cluster of ours. */
export const handler = serveOperations(operations);
