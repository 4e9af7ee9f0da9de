import type { SQSClient } from '@aws-sdk/client-sqs';
import type { EventBody, Lane, WakeUp, WakeUpQueue } from '../app/ports/wake-ups.ts';
import { sendMessages } from './sqs-messages.ts';
import { togetherInTurn } from './together-in-turn.ts';

/** Larger bodies are read from the journal instead. */
const mostBodyBytes = 32 * 1024;

interface Message {
  readonly event_id: string;
  readonly endpoint_id: string;
  readonly attempts_made: number;
  readonly body?: EventBody;
}

/**
 * Wake-ups on SQS, a queue for each lane. The message group is the endpoint: on a standard queue that is what fairness
 * goes by. What is sent in one turn of the event loop goes in the same calls.
 */
export function createWakeUpQueue(client: SQSClient, queueUrls: Readonly<Record<Lane, string>>): WakeUpQueue {
  const send = (lane: Lane, wakeUps: readonly WakeUp[]) =>
    sendMessages(
      client,
      queueUrls[lane],
      wakeUps
        .filter((wakeUp) => wakeUp.lane === lane)
        .map((wakeUp) => ({
          MessageBody: messageText(toMessage(wakeUp)),
          MessageGroupId: wakeUp.endpointId,
          DelaySeconds: Math.ceil(wakeUp.delayMs / 1000),
        })),
    );
  return {
    send: togetherInTurn(async (wakeUps: readonly WakeUp[]) => {
      await Promise.all([send('usual', wakeUps), send('slow', wakeUps)]);
    }),
  };
}

/**
 * SQS refuses messages with U+FFFE or U+FFFF, which JSON text may well have: they are escaped, or one event with such
 * a character would be refused for ever. JSON.stringify has escaped all others that SQS refuses.
 */
function messageText(message: Message): string {
  return JSON.stringify(message).replace(
    /[\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

function toMessage({ eventId, endpointId, attemptsMade, body }: WakeUp): Message {
  const small = body && JSON.stringify(body.headers).length + Buffer.byteLength(body.data) <= mostBodyBytes;
  return {
    event_id: eventId,
    endpoint_id: endpointId,
    attempts_made: attemptsMade,
    ...(small && { body: bodyAlone(body) }),
  };
}

/** What an endpoint gets of a journalled event, without the rest of it. */
function bodyAlone({ eventType, data, headers, timeMs, givenId }: EventBody): EventBody {
  return { eventType, data, headers, timeMs, givenId };
}

/** Reads a message back that `send` wrote into the queue of a lane. */
export function readWakeUp(messageBody: string, lane: Lane): WakeUp {
  const { event_id, endpoint_id, attempts_made, body } = JSON.parse(messageBody) as Message;
  return { eventId: event_id, endpointId: endpoint_id, attemptsMade: attempts_made, delayMs: 0, lane, body };
}
