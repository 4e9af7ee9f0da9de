import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createAddressGuard } from '../../lib/adapters/address-guard.ts';
import { createOpener } from '../../lib/adapters/kafka-connections.ts';
import { type Nodes, createNodes } from '../../lib/adapters/kafka-nodes.ts';
import { createSocketPlaces } from '../../lib/adapters/kafka-socket-places.ts';
import { brokerAddress } from '../../lib/core/kafka-target.ts';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';
import { listenBefore } from './kafka-impostors.ts';
import { localRules, targetOf } from './kafka-topics.ts';

const engines = useEngine('kafka');
const open = createOpener({ guard: createAddressGuard(localRules), certificateAuthorities: [] });

/** As many addresses as a cluster may name, all of them of one broker. */
async function manyAddresses(count: number) {
  const listening = Array.from({ length: count }, () => listenBefore(engines().kafka, (answer) => answer));
  return (await Promise.all(listening)).map(brokerAddress);
}

function startNodes(places = createSocketPlaces(600, () => {})): Nodes {
  const nodes = createNodes(targetOf(engines().kafka, 'none'), open, places);
  onTestFinished(() => nodes.close());
  return nodes;
}

test('a cluster gets fifteen connections, whatever it calls its brokers: one more waits, or takes that of an idle one', async () => {
  const addresses = await manyAddresses(16);
  const nodes = startNodes();
  const taken = await Promise.all(addresses.slice(0, 15).map((address) => nodes.take(address)));
  const connections = await Promise.all(taken.map((node) => node!.connect()));

  // Who waits for one that another has does not keep those who wait for room from getting it.
  const again = nodes.take(addresses[4]!);
  const sixteenth = nodes.take(addresses[15]!);
  nodes.give(taken[3]!);
  await (await sixteenth)!.connect();
  expect(nodes.connections()).toHaveLength(15);
  expect(connections.map(({ socket }) => socket.destroyed).indexOf(true)).toBe(3);
  nodes.give(taken[4]!);
  expect(await again).toBe(taken[4]);
});

test('a connection belongs to one at a time', async () => {
  const [address] = await manyAddresses(1);
  const nodes = startNodes();
  const node = (await nodes.take(address!))!;
  expect(nodes.takeIdle()).toBeUndefined();
  await node.connect();
  expect(nodes.takeIdle()).toBeUndefined();
  nodes.give(node);

  expect(nodes.takeIdle()).toBe(node);
  expect(nodes.takeIdle()).toBeUndefined();
  let isTaken = false;
  const next = nodes.take(address!).then((one) => {
    isTaken = true;
    return one;
  });
  await setImmediate();
  expect(isTaken).toBe(false);
  nodes.give(node);
  expect(await next).toBe(node);
});

test('an idle connection is closed when others wait for a socket, and kept when nobody does', async () => {
  const [address] = await manyAddresses(1);
  const places = createSocketPlaces(1, () => {});
  const nodes = startNodes(places);
  const node = (await nodes.take(address!))!;
  const connection = await node.connect();
  nodes.give(node);
  expect(await nodes.take(address!)).toBe(node);

  const waiting = places.take();
  nodes.give(node);
  expect(await waiting).toBeTypeOf('function');
  expect(connection.socket.destroyed).toBe(true);
  expect(nodes.connections()).toEqual([]);
});

test('what is taken and not connected gives its place back', async () => {
  const [address] = await manyAddresses(1);
  const places = createSocketPlaces(1, () => {});
  const nodes = startNodes(places);
  nodes.give((await nodes.take(address!))!);
  expect(await places.take()).toBeTypeOf('function');
});
