import { readFileSync } from 'node:fs';
import { Kafka } from 'kafkajs';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { kafkaClientOptions } from '../../../infra/local/engines/kafka-client.ts';
import type { FanoutClient } from '../fanout-client.ts';
import { streamClient } from '../stream-client.ts';
import { kcatOrLike, pythonWithKafka, runProgram } from './consumer-programs.ts';
import type { Running } from './provisioning.ts';

const documentedConsumer = readFileSync(new URL('documented-consumer.py', import.meta.url), 'utf8');

/** Consumers as the pages have them, run as the programs that they are. */
export function consumersSuite(running: () => Running): void {
  describe('consumers', () => {
    let client: FanoutClient;
    let streams: ReturnType<typeof streamClient>;

    beforeAll(() => {
      ({ client } = running());
      streams = streamClient(client);
    });

    const startRun = async (org: string) => {
      const node = { config: { type: 'KAFKA', payload: { event: 'service.deployed' } } };
      const answer = await client.call<{ run_id: string }>('POST', `/v1/orgs/${org}/runs`, { node });
      expect(answer.status, JSON.stringify(answer.body)).toBe(202);
      return answer.body.run_id;
    };

    test("the page's consumer in Python receives a run, with nothing changed but host, credentials and org", async ({
      skip,
    }) => {
      const python = pythonWithKafka() ?? skip('this needs python3 with venv, and PyPI');
      const { org, stream, credentials } = await streams.create();
      const access = [
        `bootstrap_servers=${JSON.stringify(stream.bootstrap_servers.split(','))}`,
        `security_protocol='${stream.security_protocol}'`,
        `sasl_mechanism='${stream.sasl_mechanism}'`,
        `sasl_plain_username='${credentials.username}'`,
        `sasl_plain_password='${credentials.password}'`,
      ];
      const script = documentedConsumer
        .replaceAll('{orgId}', org)
        .replace("bootstrap_servers=['your-kafka-brokers']", access.join(', '));
      const consumer = runProgram(python, ['-u', '-c', script]);

      // It begins at the end of the topic: once it has told where that is, nothing later is missed.
      const admin = new Kafka(kafkaClientOptions(running().fanout.engines.kafka)).admin();
      await admin.connect();
      onTestFinished(() => admin.disconnect());
      const group = { groupId: `${org}.your-consumer-group`, topics: [`${org}.runs`] };
      const committed = async () => (await admin.fetchOffsets(group))[0]!.partitions[0]?.offset;
      await expect
        .poll(committed, { timeout: 60_000, message: 'its offset' })
        .toBe('0')
        .catch((error: unknown) => {
          throw new Error(consumer.lines.join('\n'), { cause: error });
        });
      const run = await startRun(org);
      await expect
        .poll(() => consumer.lines.filter((line) => line.startsWith('Received: ')), { timeout: 30_000 })
        .toEqual([expect.stringContaining(`'workflowRunId': '${run}'`)]);
      expect(consumer.lines.join('\n')).toContain("'payload': {'event': 'service.deployed'}");
    }, 180_000);

    test('the commands for kcat, as they are answered, list the topics and consume one', async ({ skip }) => {
      const kcat =
        kcatOrLike() ?? skip('this needs kcat with librdkafka 2.6.1, or python3 with venv, and PyPI');
      const { org, stream, credentials } = await streams.create();
      const run = await startRun(org);
      const pasted = (command: string) => {
        const withPassword = command.replace("'<PASSWORD>'", credentials.password);
        expect(withPassword).not.toBe(command);
        return runProgram('sh', ['-c', `exec ${withPassword.replace(/^kcat/, kcat)}`]);
      };
      const { list, consume } = stream.commands;
      const listed = pasted(list);
      for (const topic of Object.values(stream.topics))
        await expect.poll(() => listed.lines.join('\n'), { timeout: 30_000 }).toContain(`topic "${topic}"`);
      const consumed = pasted(consume['runs']!);
      await expect
        .poll(() => consumed.lines.join('\n'), { timeout: 30_000 })
        .toContain(`Reached end of topic ${org}.runs [0] at offset 1`);
      // It writes line by line to a terminal only, and to anything else in the end.
      consumed.stop();
      await expect.poll(() => consumed.lines.join('\n'), { timeout: 30_000 }).toContain(run);
    }, 120_000);
  });
}
