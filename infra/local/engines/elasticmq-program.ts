import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fastStart } from './java-program.ts';
import type { JavaProgram } from './java-program.ts';

/**
 * ElasticMQ's configuration. Limits are those of SQS, and queue URLs start with whatever address the client used, as
 * the port is not known in advance.
 */
export function elasticmqConfiguration(host: string, port: number): string {
  return `include classpath("application.conf")
node-address { protocol = http, host = "*", port = ${port}, context-path = "" }
rest-sqs { enabled = true, bind-hostname = "${host}", bind-port = ${port}, sqs-limits = strict }
rest-stats.enabled = false
`;
}

/** ElasticMQ as a program: queues in memory, on the loopback address. */
export function elasticmqProgram(folder: string, files: readonly string[]): JavaProgram {
  const configuration = path.join(folder, 'elasticmq.conf');
  return {
    name: 'sqs',
    title: 'ElasticMQ',
    folder,
    files,
    async command([port = 0]) {
      await writeFile(configuration, elasticmqConfiguration('127.0.0.1', port));
      return [...fastStart, '-Xmx256m', `-Dconfig.file=${configuration}`, 'org.elasticmq.server.Main'];
    },
    ports: (log) => {
      const port = /Started SQS rest server, bind address [^\s]*:(\d+),/.exec(log)?.[1];
      return port === undefined ? undefined : [Number(port)];
    },
  };
}
