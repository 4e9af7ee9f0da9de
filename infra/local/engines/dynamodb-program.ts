import path from 'node:path';
import { mavenFolder } from './class-paths.ts';
import { fastStart } from './java-program.ts';
import type { JavaProgram } from './java-program.ts';

/** The SQLite library that DynamoDB Local loads, by platform and processor. */
const nativeLibraries: Record<string, RegExp> = {
  'linux x64': /libsqlite4java-linux-amd64-[\d.]+\.so$/,
  'darwin x64': /libsqlite4java-osx-[\d.]+\.dylib$/,
  'darwin arm64': /libsqlite4java-osx-aarch64-[\d.]+\.dylib$/,
};

/** Whether DynamoDB Local's Java program runs on this machine: it needs a native library, made for few. */
export const runsDynamodb = `${process.platform} ${process.arch}` in nativeLibraries;

/** DynamoDB Local as a program, in memory, on the loopback address (see `maven/dynamodb/server.xml`). */
export function dynamodbProgram(folder: string, files: readonly string[], fast: boolean): JavaProgram {
  const native = nativeLibraries[`${process.platform} ${process.arch}`];
  const library = files.find((file) => native?.test(file)) ?? '';
  return {
    name: 'dynamodb',
    title: 'DynamoDB Local',
    folder,
    files,
    command: async ([port = 0]) => [
      ...(fast ? fastStart : []),
      '-Xmx512m',
      `-Dsqlite4java.library.path=${path.dirname(library)}`,
      '-Dorg.eclipse.jetty.xml.XmlParser.Validating=false',
      `-Dfanout.port=${port}`,
      'org.eclipse.jetty.xml.XmlConfiguration',
      path.join(mavenFolder, 'dynamodb', 'server.xml'),
    ],
    ports: (log) => {
      const port = /DynamoDB Local listens: .*:(\d+)\}/.exec(log)?.[1];
      return port === undefined ? undefined : [Number(port)];
    },
  };
}
