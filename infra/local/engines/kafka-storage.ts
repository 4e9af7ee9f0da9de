import { randomBytes } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeArguments } from './java-program.ts';
import { administrator, kafkaProperties } from './kafka-properties.ts';
import { fingerprint, keptFolder } from './kept-folder.ts';
import { runJava } from './run-java.ts';

const files = { data: 'kafka-data', password: 'administrator.password' };

/**
 * Fills `dataFolder` with an empty storage, as Kafka's format tool makes it: that takes a second, so an earlier start's is copied.
 * @param options for Java, the class path among them; storages are kept for each
 * @returns the administrator's password, who is in the storage: SCRAM users cannot be made later without one
 */
export async function copyEmptyStorage(dataFolder: string, options: readonly string[]): Promise<string> {
  const name = `kafka-storage-${fingerprint(JSON.stringify([options, propertiesOf('', '')]))}`;
  const kept = await keptFolder(name, (folder) => format(folder, options));
  await cp(path.join(kept, files.data), dataFolder, { recursive: true });
  return readFile(path.join(kept, files.password), 'utf8');
}

/** Hexadecimal, so that it needs no quoting in any of the files it goes into. */
export function newPassword(): string {
  return randomBytes(16).toString('hex');
}

/** A cluster id as Kafka writes them: 16 bytes in base64url, not starting with a dash. */
export function newClusterId(): string {
  return `F${randomBytes(16).toString('base64url').slice(1)}`;
}

async function format(folder: string, options: readonly string[]): Promise<void> {
  const password = newPassword();
  await writeFile(path.join(folder, files.password), password, { mode: 0o600 });
  const properties = path.join(folder, 'format.properties');
  await writeFile(properties, propertiesOf(path.join(folder, files.data), password), { mode: 0o600 });
  const credentials = ['SCRAM-SHA-512', 'SCRAM-SHA-256'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${administrator},password=${password}]`,
  ]);
  const tool = [
    'kafka.tools.StorageTool',
    'format',
    '-t',
    newClusterId(),
    '-c',
    properties,
    '--standalone',
    ...credentials,
  ];
  const args = await writeArguments(path.join(folder, 'format.arguments'), [...options, ...tool]);
  await runJava(folder, "Kafka's format tool", [args]);
}

/** Those that matter to the storage: ports and the certificate do not. */
function propertiesOf(dataFolder: string, password: string): string {
  return kafkaProperties({ password, dataFolder, controller: '127.0.0.1:0', client: '127.0.0.1:0' });
}
