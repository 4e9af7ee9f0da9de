import type { AttemptTimes } from '../app/ports/endpoint-sender.ts';
import type { Attempt } from '../core/attempt.ts';
import type { KafkaMessage } from '../core/kafka-message.ts';
import type { KafkaTarget } from '../core/kafka-target.ts';
import { type ResolveName, createAddressGuard } from './address-guard.ts';
import type { KafkaProducer } from './kafka-producer.ts';
import { createSocketPlaces } from './kafka-socket-places.ts';
import { type Turn, createTurn } from './kafka-turn.ts';
import type { TargetRules } from './target-rules.ts';

export interface KafkaSender {
  /**
   * Makes one attempt to write a message to the endpoint's topic. Never rejects because of the endpoint.
   * @param message makes the message; called at most once, and not before it can be sent
   * @param timeoutMs the most it may take
   * @returns `acknowledged` only when all in-sync replicas have the message; undefined when it could not begin in time,
   * be it that all sockets were in use
   */
  attempt(
    endpointId: string,
    target: KafkaTarget,
    message: () => KafkaMessage,
    timeoutMs: number,
    times: AttemptTimes,
  ): Promise<Attempt | undefined>;
  /** Closes all connections once what is under way has ended. */
  close(): Promise<void>;
}

export interface KafkaSenderOptions {
  /** PEM, trusted beside the authorities that Node.js knows. */
  readonly certificateAuthorities?: readonly string[];
  /** What names are resolved with; without it, as the machine does. */
  readonly resolveName?: ResolveName;
  /** How long the connections of an endpoint stay open without a message, milliseconds. */
  readonly idleMs?: number;
  /** Connections at once, over all endpoints; as many as for webhooks, unless told. */
  readonly mostSockets?: number;
}

/** Endpoints that have connections, at once. */
const mostProducers = 200;

/** An endpoint's producer, for one version of what the endpoint says. */
interface Place {
  readonly version: string;
  readonly producer: KafkaProducer;
  readonly turns: Set<Turn>;
  readonly idle: NodeJS.Timeout;
  lastUsedMs: number;
  isRetired: boolean;
}

/**
 * Writes to the Kafka clusters of tenants over connections that are kept for each endpoint. The client's code is loaded
 * with the first attempt.
 * @param rules where brokers may be. Any port will do: `ports` is about webhooks
 */
export function createKafkaSender(
  rules: TargetRules,
  now: () => number,
  { certificateAuthorities = [], resolveName, idleMs = 60_000, mostSockets = 600 }: KafkaSenderOptions = {},
): KafkaSender {
  const guard = createAddressGuard(rules, resolveName);
  /** In the order of their use: the first was not used for longest. */
  const places = new Map<string, Place>();
  const retired = new Set<Place>();
  const waiting = new Set<() => void>();
  let opening: Promise<(target: KafkaTarget) => KafkaProducer> | undefined;

  const loadClient = async (): Promise<(target: KafkaTarget) => KafkaProducer> => {
    const [{ createOpener }, { createKafkaProducer }] = await Promise.all([
      import('./kafka-connections.ts'),
      import('./kafka-producer.ts'),
    ]);
    const open = createOpener({ guard, certificateAuthorities });
    return (target) => createKafkaProducer(target, open, sockets);
  };

  const retire = (endpointId: string, place: Place): void => {
    places.delete(endpointId);
    place.isRetired = true;
    retired.add(place);
    closeIfDone(place);
  };
  const closeIfDone = (place: Place): void => {
    if (!place.isRetired || place.turns.size > 0) return;
    clearTimeout(place.idle);
    void place.producer.close().finally(() => {
      retired.delete(place);
      wake();
    });
  };
  /** Closes the connections of the endpoint that was idle for longest. */
  const retireIdle = (isMeant: (place: Place) => boolean = () => true): boolean => {
    for (const [endpointId, place] of places) {
      if (place.turns.size > 0 || !isMeant(place)) continue;
      retire(endpointId, place);
      return true;
    }
    return false;
  };
  const freeSockets = () => void retireIdle(({ producer }) => producer.isConnected);
  const sockets = createSocketPlaces(mostSockets, freeSockets);
  const wake = (): void => {
    const all = [...waiting];
    waiting.clear();
    for (const resume of all) resume();
  };

  /** Lets others have what the endpoint has no use for now. */
  const makeWay = ({ turns }: Place): void => {
    if (turns.size > 0) return;
    wake();
    if (sockets.isAwaited) freeSockets();
  };

  /** @returns undefined while there is no place for one more endpoint */
  const placeOf = (
    endpointId: string,
    target: KafkaTarget,
    create: (target: KafkaTarget) => KafkaProducer,
  ): Place | undefined => {
    const version = versionOf(target);
    let place = places.get(endpointId);
    // A function that was frozen finds its connections closed, or worse, still open on its own side only.
    const isOld = place && place.turns.size === 0 && now() - place.lastUsedMs > idleMs;
    if (place && (place.version !== version || isOld)) {
      retire(endpointId, place);
      place = undefined;
    }
    if (!place) {
      if (places.size + retired.size >= mostProducers && !retireIdle()) return undefined;
      const made: Place = {
        version,
        producer: create(target),
        turns: new Set(),
        idle: setTimeout(
          () => void (made.turns.size === 0 && !made.isRetired && retire(endpointId, made)),
          idleMs,
        ),
        lastUsedMs: now(),
        isRetired: false,
      };
      made.idle.unref();
      place = made;
    }
    places.delete(endpointId);
    places.set(endpointId, place);
    return place;
  };

  const start = async (
    endpointId: string,
    target: KafkaTarget,
    message: () => KafkaMessage,
    turn: Turn,
    use: (place: Place) => void,
  ): Promise<void> => {
    const create = await (opening ??= loadClient());
    for (;;) {
      if (turn.isOver) return;
      const place = placeOf(endpointId, target, create);
      if (place) {
        use(place);
        await place.producer.produce(message, turn);
        return makeWay(place);
      }
      await new Promise<void>((resolve) => waiting.add(resolve));
    }
  };

  return {
    attempt(endpointId, target, message, timeoutMs, times) {
      return new Promise((resolve, reject) => {
        let used: Place | undefined;
        const turn = createTurn(timeoutMs, times, now, (attempt) => {
          resolve(attempt);
          if (!used) return;
          used.turns.delete(turn);
          used.lastUsedMs = now();
          used.idle.refresh();
          if (attempt?.error === 'aborted') for (const other of used.turns) other.giveUpIfImpatient();
          closeIfDone(used);
          makeWay(used);
        });
        const use = (place: Place) => {
          used = place;
          place.turns.add(turn);
        };
        start(endpointId, target, message, turn, use).catch(reject);
      });
    },
    async close() {
      for (const [endpointId, place] of places) retire(endpointId, place);
      while (retired.size > 0) await new Promise<void>((resolve) => waiting.add(resolve));
    },
  };
}

/** What a connection depends on. The password is not part of it, but its version is. */
function versionOf(target: KafkaTarget): string {
  const { brokers, topic, saslMechanism, tls, username, credentialsVersion } = target;
  return JSON.stringify([brokers, topic, saslMechanism, tls, username, credentialsVersion]);
}
