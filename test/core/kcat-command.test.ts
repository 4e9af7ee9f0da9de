import { expect, test } from 'vitest';
import { kcatConsume, kcatList } from '../../lib/core/kcat-command.ts';

const access = {
  bootstrapServers: 'b-1.example.com:9196,b-2.example.com:9196',
  securityProtocol: 'SASL_SSL',
  username: 'acme.a',
  password: "'<PASSWORD>'",
} as const;

test('the list of topics, as it is typed into a shell', () => {
  expect(kcatList(access)).toBe(
    `kcat -b b-1.example.com:9196,b-2.example.com:9196 \\
     -X security.protocol=SASL_SSL \\
     -X sasl.mechanism=SCRAM-SHA-512 \\
     -X sasl.username=acme.a \\
     -X sasl.password='<PASSWORD>' \\
     -L`,
  );
});

test('a topic from its beginning', () => {
  expect(kcatConsume(access, 'acme.prices').split('\n').at(-1)).toBe('     -C -t acme.prices -o beginning');
});
