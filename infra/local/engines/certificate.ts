import { randomBytes } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fastStart } from './java-program.ts';
import { runJava } from './run-java.ts';

/** A server certificate for 127.0.0.1 and localhost, and the authority that signed it. */
export interface Certificate {
  /** PKCS12, with the server's key and its chain. */
  keystore: string;
  keystorePassword: string;
  /** The authority's own certificate, PEM. */
  authority: string;
}

/** Makes an authority and a certificate signed by it, with Java's keytool; takes three starts of Java, a second or so. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const keystorePassword = randomBytes(16).toString('hex');
  const passwordFile = path.join(folder, 'keystore.password');
  await writeFile(passwordFile, keystorePassword, { mode: 0o600 });
  const authorityStore = path.join(folder, 'authority.p12');
  const keystore = path.join(folder, 'server.p12');
  const keytool = async (store: string, ...args: string[]): Promise<string> =>
    runKeytool(folder, [
      ...args,
      '-keystore',
      store,
      '-storetype',
      'PKCS12',
      '-storepass:file',
      passwordFile,
    ]);
  const newKey = ['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '3650'];

  await keytool(
    authorityStore,
    ...newKey,
    '-alias',
    'authority',
    '-dname',
    'CN=Fanout local',
    '-ext',
    'bc:c',
  );
  await copyFile(authorityStore, keystore);
  const [authority] = await Promise.all([
    keytool(authorityStore, '-exportcert', '-rfc', '-alias', 'authority'),
    (async () => {
      const names = 'san=ip:127.0.0.1,dns:localhost';
      await keytool(
        keystore,
        ...newKey,
        '-alias',
        'server',
        '-signer',
        'authority',
        '-dname',
        'CN=localhost',
        '-ext',
        names,
      );
      // Left in, the authority's key could be the one that Kafka shows to its clients.
      await keytool(keystore, '-delete', '-alias', 'authority');
    })(),
  ]);
  return { keystore, keystorePassword, authority };
}

async function runKeytool(folder: string, args: readonly string[]): Promise<string> {
  // keytool's own main class: so that nothing but `java` is needed on the PATH.
  const main = ['-m', 'java.base/sun.security.tools.keytool.Main'];
  return runJava(folder, "Java's keytool", [...fastStart, ...main, ...args]);
}
