import { z } from 'zod';
import type { Descriptions } from './description.ts';

const document = { name: 'Document', schema: z.looseObject({}) };

export const serviceDescriptions: Descriptions = {
  'GET /healthz': {
    id: 'getHealth',
    tag: 'Service',
    summary: 'Say whether the API answers',
    isOpen: true,
    answer: {
      status: 200,
      description: 'It does.',
      schema: { name: 'Health', schema: z.object({ status: z.literal('ok') }) },
    },
  },
  'GET /openapi.json': {
    id: 'getOpenApi',
    tag: 'Service',
    summary: 'Read this document',
    isOpen: true,
    answer: { status: 200, description: 'OpenAPI 3.1.', schema: document },
  },
  'GET /asyncapi.json': {
    id: 'getAsyncApi',
    tag: 'Service',
    summary: 'Read what the records on the streams look like',
    isOpen: true,
    answer: { status: 200, description: 'AsyncAPI 3.0.', schema: document },
  },
};
