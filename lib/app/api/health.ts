import type { Operations } from './operation.ts';

/** Says that the API answers. Open to anyone. */
export function healthOperations(): Operations {
  return {
    'GET /healthz': {
      roles: ['publisher', 'tenant'],
      run: async () => ({ status: 200, body: { status: 'ok' } }),
    },
  };
}
