import path from 'node:path';
import { fingerprint, keptFile, keptFolder } from './kept-folder.ts';

const file = 'classes.jsa';

/**
 * The option with which Java takes the classes of a class path as a run before has left them, loaded and verified, where one has:
 * Kafka and ElasticMQ are up with half the work then. Java itself sees whether they fit, and goes without where not.
 * https://docs.oracle.com/en/java/javase/17/docs/specs/man/java.html#application-class-data-sharing
 */
export async function archivedClasses(classPath: string): Promise<string[]> {
  const archive = await keptFile(nameOf(classPath), file);
  return archive === undefined ? [] : [`-XX:SharedArchiveFile=${archive}`];
}

/**
 * Has the classes of a class path kept for later starts, where they are not yet.
 * @param run runs the program with the option that it gets, until it has loaded what it needs, and to its regular end
 */
export async function archiveClasses(
  classPath: string,
  run: (option: string) => Promise<void>,
): Promise<void> {
  await keptFolder(nameOf(classPath), (folder) => run(`-XX:ArchiveClassesAtExit=${path.join(folder, file)}`));
}

function nameOf(classPath: string): string {
  return `classes-${fingerprint(classPath)}`;
}
