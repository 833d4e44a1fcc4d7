import type { DmrsConfig } from '../nr/dmrs.js';
import type { ReceivedSlot } from '../phy/slot.js';

/** A received slot out of a file. Its noise variance is an estimate from the pilots. */
export interface DumpedSlot extends ReceivedSlot {
  /** Which one of the file it is, for messages: `frame 0 slot 1`. */
  readonly name: string;
  readonly config: { readonly dmrs: DmrsConfig };
  /** Estimate from the pilots, dB. */
  readonly snrDb: number;
}
