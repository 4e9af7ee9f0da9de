import { serveOperations } from '../../lib/adapters/serve-operations.ts';
import { operations } from './operations.ts';

/** Answers the routes of the API that write to orgs' topics on our Kafka cluster. */
export const handler = serveOperations(operations);
