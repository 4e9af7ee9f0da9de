import dns, { type LookupAddress, type LookupOptions, Resolver } from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

type Found = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** The domain that is nobody's, and so for tests (RFC 6761, section 6.2). */
const testDomain = /\.test$/i;

/**
 * From now on code on this thread that looks up names which end in `.test` asks a name server of the test's, each time
 * anew, for IPv4 addresses; all others go the machine's way. To be called before the code is loaded.
 * @param nameServer its address and port
 */
export function askForTestNames(nameServer: string): void {
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([nameServer]);
  const machineLookup = dns.lookup as (name: string, options: LookupOptions, found: Found) => void;
  const lookup = (name: string, options: LookupOptions, found: Found): void => {
    if (!testDomain.test(name)) return machineLookup(name, options, found);
    resolver.resolve4(name, (error, addresses = []) => {
      if (error) found(error, []);
      else if (options.all)
        found(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        );
      else found(null, addresses[0]!, 4);
    });
  };
  Object.assign(dns, { lookup });
  syncBuiltinESMExports();
}
