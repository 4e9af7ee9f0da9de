import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';

/** What the machine has to run the engines as Java programs. */
export interface JavaTools {
  /** The major version of the `java` on the PATH. */
  java: number | undefined;
  /** Whether there is an `mvn` on the PATH. */
  maven: boolean;
}

/** The oldest Java that all three engines run on. */
export const oldestJava = 17;

/** Looks for `java` and `mvn`; takes the 50 ms of a `java -version`. */
export async function findJavaTools(environment: NodeJS.ProcessEnv): Promise<JavaTools> {
  const [java, maven] = await Promise.all([javaVersion(environment), isOnPath('mvn', environment)]);
  return { java, maven };
}

/** For messages: "java 17, no mvn". */
export function describeJavaTools({ java, maven }: JavaTools): string {
  return `${java === undefined ? 'no java' : `java ${java}`}, ${maven ? 'mvn' : 'no mvn'}`;
}

function javaVersion(environment: NodeJS.ProcessEnv): Promise<number | undefined> {
  return new Promise((resolve) => {
    // Java writes its version to the error stream. macOS has a `java` that only says that there is none.
    execFile('java', ['-version'], { env: environment, timeout: 20_000 }, (error, _output, said) => {
      const version = /version "(?:1\.)?(\d+)/.exec(said)?.[1];
      resolve(error || version === undefined ? undefined : Number(version));
    });
  });
}

async function isOnPath(program: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const folders = (environment['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const found = await Promise.all(
    folders.map((folder) =>
      access(path.join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
