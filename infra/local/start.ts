import { existsSync, readFileSync, createWriteStream, mkdirSync, rmSync, type WriteStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { demonstrate } from './demonstration.ts';
import { writeEnvironmentFile } from './environment-file.ts';
import { type Fanout, startFanout } from './fanout-local.ts';
import { holdPort } from './free-port.ts';
import { givenSecrets } from './source-secrets.ts';
import { startProgress } from './progress.ts';
import { watchFunctions } from './watch.ts';

const usage = `npm start [-- --watch]

  Runs Fanout on this machine: the stacks that 'cdk deploy' would create, on real engines, until Ctrl-C.

  --watch    gives the functions new code when a file under functions/ or lib/ changes
  --help     prints this

  FANOUT_SECRETS  what secrets hold that sources name by their ARN, as JSON: {"arn:aws:secretsmanager:…": {"username": …}}
  PORT            where the HTTP API listens on 127.0.0.1 (4000, or any free port, unless given)
`;

const localFolder = resolve(import.meta.dirname, '../../.local');
const environmentFile = join(localFolder, 'fanout.env');
const functionLog = join(localFolder, 'functions.log');
const usualPort = 4000;

const print = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { watch: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(usage);
  const stopRequested = signalled();
  const secrets = givenSecrets(process.env['FANOUT_SECRETS']);
  const port = await wantedPort();
  await refuseSecondStart();
  const progress = startProgress(print);
  const log = openFunctionLog();
  const starting = startFanout({ say: progress.say, log: log.write, port, secrets });
  const fanout = await Promise.race([starting, stopRequested]);
  // What is half started ends with the process: engines follow it, and folders are removed when it exits.
  if (!fanout) process.exit(0);
  const removeEnvironmentFile = writeEnvironmentFile(environmentFile, fanout.environment);
  process.once('exit', removeEnvironmentFile);
  progress.end();
  introduce(fanout);
  const watcher = values.watch ? watchFunctions(fanout.machine.functions, print) : undefined;
  let stopping = false;
  void showDemonstration(fanout, (line) => void (stopping || print(line)));
  await stopRequested;
  stopping = true;
  print('\nStopping: pollers, API, functions, engines. Ctrl-C again stops at once.');
  await watcher?.stop();
  await fanout.stop();
  removeEnvironmentFile();
  await log.close();
  print('Stopped.');
  process.exit(0);
}

/**
 * Resolves at the first SIGINT or SIGTERM; a later one ends the process at once. One Ctrl-C comes twice, from the
 * terminal and from npm, which passes it on: what comes within a second of the first is the same Ctrl-C.
 */
function signalled(): Promise<undefined> {
  return new Promise((resolve) => {
    let firstMs: number | undefined;
    const receive = () => {
      firstMs ??= performance.now();
      if (performance.now() - firstMs > 1000) process.exit(0);
      resolve(undefined);
    };
    process.on('SIGINT', receive).on('SIGTERM', receive);
  });
}

/** The port that is asked for must be free; without one, the usual port or any other. */
async function wantedPort(): Promise<number> {
  const given = process.env['PORT'];
  const port = given ? Number(given) : usualPort;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`PORT is "${given}", but must be a whole number from 0 to 65535.`);
  }
  const held = await holdPort(port);
  await held.release();
  if (port === 0 || held.port === port) return held.port;
  if (given)
    throw new Error(`PORT is ${port}, but something listens there already; choose another, or 0 for any.`);
  print(`Port ${port} is taken, so the API gets another.`);
  return 0;
}

/** Two machines in one folder would write over each other's settings and logs. */
async function refuseSecondStart(): Promise<void> {
  const url =
    existsSync(environmentFile) && /^FANOUT_URL=(.*)$/m.exec(readFileSync(environmentFile, 'utf8'))?.[1];
  if (!url) return;
  const answers = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2000) }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (answers)
    throw new Error(
      `Fanout runs from this folder already, at ${url}: stop it first, or start another clone.`,
    );
}

/** Function logs go to a file of this start, from the first line on; failures also to the terminal. */
function openFunctionLog(): { write: (line: string) => void; close: () => Promise<void> } {
  let file: WriteStream | undefined;
  const open = () => {
    mkdirSync(localFolder, { recursive: true });
    // A file that is there keeps its mode when it is written again.
    rmSync(functionLog, { force: true });
    return createWriteStream(functionLog, { mode: 0o600 });
  };
  return {
    write(line) {
      file ??= open();
      file.write(`${line}\n`);
      if (/\bERROR\b/.test(line)) print(line);
    },
    close: () => new Promise((resolve) => (file ? file.end(resolve) : resolve())),
  };
}

function introduce({ url, operatorKey, ingestTopic, engines }: Fanout): void {
  const { kafka, kafkaTls } = engines;
  const tls = kafkaTls ? `, with TLS ${kafkaTls.bootstrapServers}` : '';
  print(`
Fanout runs.
  API            ${url}
  operator key   ${operatorKey}
  Kafka          ${kafka.bootstrapServers} (${kafka.securityProtocol})${tls}
  ingest topic   ${ingestTopic}
  DynamoDB       ${engines.dynamodbUrl}
  SQS            ${engines.sqsUrl}
  settings       .local/fanout.env
  function logs  .local/functions.log

Try it in another shell, with any web server on port 8080:
  . .local/fanout.env
  call() { curl -sS "$FANOUT_URL$1" -H "Authorization: Bearer $FANOUT_API_KEY" -H 'Content-Type: application/json' "\${@:2}"; echo; }
  call /v1/orgs -d '{"id":"acme","name":"Acme"}'
  call /v1/orgs/acme/endpoints -d '{"type":"webhook","config":{"url":"http://127.0.0.1:8080/"}}'
  echo '{"event_type":"order.created","data":{"order":1},"owner_id":"acme"}' |
    kcat -P -b "$KAFKA_BROKERS" -t "$FANOUT_INGEST_TOPIC"${kcatAccess(engines)}
  call /v1/events/<the webhook-id that arrived>     # what happened to it, and why
  call /v1/quarantine                               # records that could not become events
`);
}

function kcatAccess({ kafka, origin }: Fanout['engines']): string {
  if (!kafka.securityProtocol.startsWith('SASL_')) return ' -X security.protocol="$KAFKA_SECURITY_PROTOCOL"';
  // Every kcat can log in by PLAIN; those with librdkafka before 2.6.1 cannot by SCRAM to Kafka 4
  // (confluentinc/librdkafka#4895), and most distributions still ship such a one.
  const mechanism = origin.kafka === 'java' ? 'PLAIN' : '"$KAFKA_SASL_MECHANISM"';
  return ` -X security.protocol="$KAFKA_SECURITY_PROTOCOL" \\
      -X sasl.mechanism=${mechanism} -X sasl.username="$KAFKA_USERNAME" -X sasl.password="$KAFKA_PASSWORD"`;
}

async function showDemonstration(fanout: Fanout, say: (line: string) => void): Promise<void> {
  say('A record on its way, just now:');
  try {
    await demonstrate(fanout, say);
  } catch (error) {
    say(`  The demonstration did not work: ${error instanceof Error ? error.message : String(error)}`);
  }
  say('\nServing until Ctrl-C.');
}

/** Whatever is missing or wrong says so in its message; only a defect shows where it is from. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isDefect = [TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind);
  const isArgument = String((error as NodeJS.ErrnoException).code ?? '').startsWith('ERR_PARSE_ARGS');
  return isDefect && !isArgument ? (error.stack ?? error.message) : error.message;
}

// kafkajs times a request that is not throttled at minus the present time, which Node 24 remarks on each time.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning')
    process.stderr.write(`${warning.stack ?? warning.message}\n`);
});
// Functions see UTC, as on Lambda: time zones are for a whole process, not for a thread.
process.env['TZ'] = 'UTC';
try {
  await main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}
