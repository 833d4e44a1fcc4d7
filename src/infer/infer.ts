/** Runs a receiver on the slots of a dump, and compares with what the dump knows. */
import type { DumpedSlot } from '../dumps/dumped-slot.js';
import { filesIn } from '../dumps/folder.js';
import { readBundleFiles, slotOfBundle } from '../dumps/oai/bundle.js';
import { transmissionOf } from '../dumps/oai/ldpc-config.js';
import { readRecording } from '../dumps/sigmf/read.js';
import type { CodedTransmission } from '../phy/coding/index.js';
import { compareLlrs, type LlrComparison, type LlrSummary, summarise } from './compare.js';
import { type BlockResult, decodeBlock } from './decode.js';
import type { SlotReceiver } from './receiver.js';

/** A slot and what the dump says about it. */
export interface DumpEntry {
  readonly slot: DumpedSlot;
  /** The dump's own LLRs `[G]`. */
  readonly llrs?: Float32Array;
  readonly transmission?: CodedTransmission;
  /** `[A]`, the transport block sent. */
  readonly payload?: Uint8Array;
}

/** @throws INVALID_ARGUMENT that names the file and the field. */
export function readOaiDump(folder: string): DumpEntry[] {
  const files = filesIn(folder);
  const bundle = readBundleFiles(files);
  const { llrs, payload, pdsch, ldpc } = bundle;
  return [
    {
      slot: slotOfBundle(bundle, files.pathOf),
      transmission: transmissionOf(pdsch, ldpc),
      ...(llrs && { llrs }),
      ...(payload && { payload }),
    },
  ];
}

/** @throws INVALID_ARGUMENT that names the file and the key. */
export function readSigmfDump(path: string): DumpEntry[] {
  return readRecording(path).map((slot) => ({ slot }));
}

/** A set of LLRs on its own. */
export interface LlrResult extends LlrSummary {
  readonly block?: BlockResult;
}

export interface SlotResult {
  readonly slot: DumpedSlot;
  /** `[G]` in codeword order, scrambled as received. */
  readonly llrs: Float32Array;
  readonly ours: LlrResult;
  /** The dump's own LLRs, and how ours compare to them. */
  readonly own?: LlrResult & LlrComparison;
}

function resultOf(llrs: Float32Array, { transmission, payload }: DumpEntry): LlrResult {
  return {
    ...summarise(llrs),
    ...(transmission && { block: decodeBlock(llrs, transmission, payload) }),
  };
}

export async function inferDump(
  entries: readonly DumpEntry[],
  receiver: SlotReceiver,
): Promise<SlotResult[]> {
  const all = await receiver.llrs(entries.map(({ slot }) => slot));
  return entries.map((entry, i) => {
    const llrs = all[i] as Float32Array;
    const { slot, llrs: own } = entry;
    return {
      slot,
      llrs,
      ours: resultOf(llrs, entry),
      ...(own && { own: { ...resultOf(own, entry), ...compareLlrs(llrs, own) } }),
    };
  });
}
