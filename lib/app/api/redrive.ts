import type { SourceDescription } from '../../core/source.ts';
import type { QuarantineReader, QuarantineRemover } from '../ports/events.ts';
import { type RedriveDependencies, redrive } from '../redrive.ts';
import type { Operations } from './operation.ts';
import { Problem, notFound } from './problem.ts';

export interface RedriveOperationDependencies {
  readonly quarantine: Pick<QuarantineReader, 'get'> & QuarantineRemover;
  readonly known: readonly SourceDescription[];
  /** But for the source. */
  readonly pipeline: Omit<RedriveDependencies, 'source'>;
}

/** Lets quarantined records go through the pipeline once more, once their transform is mended. For operators. */
export function redriveOperations({ quarantine, known, pipeline }: RedriveOperationDependencies): Operations {
  return {
    'POST /v1/quarantine/{id}/redrive': {
      roles: [],
      async run({ path }) {
        const id = path['id']!;
        const record = await quarantine.get(id);
        if (!record) throw notFound('quarantined record', id);
        const source = known.find(({ name }) => name === record.source);
        if (!source) throw new Problem('conflict', `Its source '${record.source}' is not there any more.`);

        const { counts } = await redrive({ ...pipeline, source }, record);
        if (counts.quarantined > 0) {
          const { reason, detail } = (await quarantine.get(id))?.rejection ?? record.rejection;
          throw new Problem('conflict', `It is refused again and stays here: ${reason}: ${detail}.`);
        }
        // Only now that all of it is stored: a redrive that is cut short can be repeated.
        await quarantine.remove(id);
        const { queued, fanOuts, duplicates, skipped } = counts;
        return { status: 200, body: { id, queued, fan_outs: fanOuts, duplicates, skipped } };
      },
    },
  };
}
