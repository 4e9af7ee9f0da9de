import { connectionsConnectsChannel } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { type ResolveName, createAddressGuard } from '../../lib/adapters/address-guard.ts';
import { createOpener } from '../../lib/adapters/kafka-connections.ts';
import { createSocketPlaces } from '../../lib/adapters/kafka-socket-places.ts';
import { brokerAddress } from '../../lib/core/kafka-target.ts';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';
import { listen, listenFarFrom } from './kafka-impostors.ts';
import { countRequests, localRules, targetOf } from './kafka-topics.ts';

const engines = useEngine('kafka');
const openBroker = createOpener({ guard: createAddressGuard(localRules), certificateAuthorities: [] });

test('a connection has its place for as long as it is open; one that fails gives it back', async () => {
  const places = createSocketPlaces(2, () => {});
  const target = targetOf(engines().kafka, 'none');
  const broker = brokerAddress(target.brokers[0]!);
  const open = async (changes = {}, address = broker) =>
    openBroker({ ...target, ...changes }, address, (await places.take())!);

  const first = await open();
  await expect(open({ password: 'not it' })).rejects.toThrow();
  await expect(open({}, { host: '10.0.0.1', port: 1 })).rejects.toThrow('not a public address');
  await expect(open({}, { host: '127.0.0.1', port: 9 })).rejects.toThrow();
  const second = await open();
  expect(places.isAwaited).toBe(false);

  const waiting = open();
  await expect.poll(() => places.isAwaited).toBe(true);
  await first.close();
  const third = await waiting;
  expect(third.isConnected()).toBe(true);
  await Promise.all([second.close(), third.close()]);
});

test('of a name with several addresses, one that is reached has time to let us sign in, however far away it is', async () => {
  const far = brokerAddress(await listenFarFrom(engines().kafka, 300));
  // Nobody listens at the second.
  const resolveName: ResolveName = (_, __, callback) =>
    callback(
      null,
      ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 })),
    );
  const guard = createAddressGuard(localRules, resolveName);
  const open = createOpener({ guard, certificateAuthorities: [] });
  const connects = countRequests(connectionsConnectsChannel);

  const address = { ...far, host: 'broker.example.com' };
  const connection = await open(targetOf(engines().kafka, 'none'), address, () => {});
  expect(connection.host).toBe('127.0.0.1');
  expect(connects.count).toBe(1);
  await connection.close();
});

test('a broker that takes a connection and does not let it sign in is given up in time', async () => {
  const silent = brokerAddress(await listen(() => {}));
  let given = 0;
  const opening = openBroker(targetOf(engines().kafka, 'none'), silent, () => given++, 200);
  await expect(opening).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  expect(given).toBe(1);
});
