import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Fanout, startFanout } from '../../infra/local/fanout-local.ts';
import { schemathesisCommand, workFolder } from './installed.ts';

/**
 * Starts Fanout, and lets schemathesis call every operation of its document with what fits the document and what does not. Ends
 * with its result: no call may fail on our side, nor be answered in a way that is not described. Words that are given go to
 * schemathesis, such as `--include-operation-id createOrg`.
 */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'ignored_auth',
];

/** What the operations need to get further than a 404. */
async function plant({ url, operatorKey }: Fanout): Promise<void> {
  const calls: [method: string, path: string, body?: object][] = [
    ['POST', '/v1/orgs', { id: 'acme', name: 'Acme' }],
    ['PUT', '/v1/orgs/acme/stream'],
    [
      'POST',
      '/v1/orgs/acme/endpoints',
      { id: 'orders', type: 'webhook', config: { url: 'https://example.com/hook' } },
    ],
    ['POST', '/v1/orgs/acme/events', { id: 'evt_123', event_type: 'order.paid', data: { total: 110 } }],
    [
      'PUT',
      '/v1/orgs/acme/nodes/publish-event',
      { config: { type: 'KAFKA', payload: { by: '{{ .inputs.by }}' } } },
    ],
  ];
  for (const [method, path, body] of calls) {
    const answer = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  }
  const headers = { authorization: `Bearer ${operatorKey}` };
  for (let status = ''; status !== 'ready'; await wait(200)) {
    ({ status } = (await (await fetch(`${url}/v1/orgs/acme/stream`, { headers })).json()) as {
      status: string;
    });
    if (status === 'failed') throw new Error('the stream could not be provisioned');
  }
}

async function run([command, ...words]: string[], { url, operatorKey }: Fanout): Promise<number> {
  const child = spawn(
    command!,
    [
      ...words,
      ...['--config-file', join(import.meta.dirname, 'schemathesis.toml')],
      ...['run', `${url}/openapi.json`],
      ...['--header', `Authorization: Bearer ${operatorKey}`],
      ...['--checks', checks.join(','), '--generation-database', 'none'],
      ...process.argv.slice(2),
    ],
    // It keeps what it has found where it runs.
    { stdio: 'inherit', cwd: workFolder },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

try {
  const command = schemathesisCommand();
  const fanout = await startFanout({ say: (line) => console.log(line), fast: true });
  try {
    await plant(fanout);
    process.exitCode = await run(command, fanout);
  } finally {
    await fanout.stop();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
