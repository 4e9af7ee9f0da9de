import { answerBytes, mostAnswerBytes } from './answer-size.ts';
import { countBy } from './event-state.ts';

interface PresentedDelivery {
  readonly state: string;
  readonly attempts: readonly { readonly excerpt?: string }[];
}

/** Deliveries of one answer; of the others the numbers. A broadcast may have more than an answer holds. */
const mostDeliveries = 1000;
/** From here on attempts are shown without the excerpts of their answers. */
const mostBytesWithExcerpts = mostAnswerBytes * 0.75;

/** Deliveries as far as they fit into an answer, and of those beyond how many there are in each state. */
export function fittingDeliveries(deliveries: readonly PresentedDelivery[]) {
  const listed: object[] = [];
  let bytes = 0;
  for (const delivery of deliveries.slice(0, mostDeliveries)) {
    const whole = answerBytes(delivery);
    const isWhole = bytes + whole <= mostBytesWithExcerpts;
    const shown = isWhole ? delivery : withoutExcerpts(delivery);
    bytes += isWhole ? whole : answerBytes(shown);
    if (bytes > mostAnswerBytes) break;
    listed.push(shown);
  }
  const more = deliveries.slice(listed.length).map(({ state }) => state);
  return { deliveries: listed, ...(more.length > 0 && { more_deliveries: countBy(more) }) };
}

function withoutExcerpts(delivery: PresentedDelivery): object {
  return { ...delivery, attempts: delivery.attempts.map(({ excerpt, ...rest }) => rest) };
}
