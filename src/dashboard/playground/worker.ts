/** Simulates slots, reads files and runs the conventional receivers, beside the page and its moving charts. */
import { invalid, SpikingRxError } from '../../errors.js';
import { SUBCARRIERS_PER_RB } from '../../nr/shape.js';
import { type FileSlots, readDropped } from './dropped-files.js';
import { dumpedSlot, simulatedSlot } from './slots.js';
import type { FileFacts, Question, Reply, Tasks, TaskName } from './worker-messages.js';

let open: FileSlots | undefined;

const ANSWERS: {
  readonly [T in TaskName]: (question: Tasks[T]['question']) => Promise<Tasks[T]['answer']>;
} = {
  simulate: async (setup) => simulatedSlot(setup),
  open: async ({ files, raw }) => {
    open = undefined;
    open = await readDropped(files, raw);
    return factsOf(open);
  },
  pick: async (index) => {
    const slot = open?.slots[index];
    if (slot === undefined)
      throw invalid('slot', `one of the ${open?.slots.length ?? 0} that were read`, String(index));
    return dumpedSlot(slot, open?.bundle);
  },
};

function factsOf({ kind, slots }: FileSlots): FileFacts {
  const first = slots[0];
  if (first === undefined) throw invalid('files', 'at least one slot', 'none');
  const { shape, modulation } = first;
  const nPrb = shape.nSc / SUBCARRIERS_PER_RB;
  return { kind, slots: slots.map(({ name }) => name), nRx: shape.nRx, modulation, nPrb };
}

async function replyTo({ id, task, question }: Question): Promise<Reply> {
  try {
    const answer = ANSWERS[task] as (asked: unknown) => Promise<Tasks[TaskName]['answer']>;
    return { id, answer: await answer(question) };
  } catch (error) {
    if (!(error instanceof SpikingRxError)) return { id, error: String(error) };
    return { id, error: error.message, ...(error.field !== undefined && { field: error.field }) };
  }
}

/** One question after the other: files that take long to read would else replace those that came later. */
let last: Promise<void> = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<Question>) => {
  last = last.then(async () => postMessage(await replyTo(data)));
});
