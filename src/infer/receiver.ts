/** The receiver that is to run on a dump: a model file, a model of a running service, or LS + LMMSE. */
import type { DumpedSlot } from '../dumps/dumped-slot.js';
import { allFinite } from '../engine/llr-format.js';
import { invalid, SpikingRxError } from '../errors.js';
import { parseModel, parseService } from '../evaluate/parse-flags.js';
import { CONVENTIONAL, ModelReceiver } from '../evaluate/receivers.js';
import { ServiceReceiver } from '../evaluate/service-receiver.js';
import { modelSource, serviceSource, type Source } from '../evaluate/sources.js';
import { bitsPerSymbol } from '../nr/qam.js';
import { lsLmmseReceiver } from '../phy/receivers/index.js';

/** Exactly one of them. */
export interface ReceiverChoice {
  /** `file` or `name=file`. */
  readonly model?: string;
  /** `host:port` or `host:port/model`. */
  readonly service?: string;
  readonly receiver?: 'ls-lmmse';
}

export interface SlotReceiver {
  readonly name: string;
  /** `[G]` each, in codeword order, `ln P(b=0)/P(b=1)`, scrambled as sent. */
  llrs(slots: readonly DumpedSlot[]): Promise<Float32Array[]>;
  release(): Promise<void>;
}

const FLAGS = ['model', 'service', 'receiver'] as const;

/**
 * @param slot what the receiver must fit: antennas and modulation.
 * @throws INVALID_ARGUMENT that names the flag for a choice that is none, or does not fit the slot; NOT_FOUND and
 *   UNAVAILABLE for a model or a service that is not there.
 */
export async function openSlotReceiver(choice: ReceiverChoice, slot: DumpedSlot): Promise<SlotReceiver> {
  const chosen = FLAGS.filter((flag) => choice[flag] !== undefined);
  if (chosen.length !== 1) {
    const received = chosen.length === 0 ? 'none' : chosen.map((flag) => `--${flag}`).join(' and ');
    throw invalid('receiver', 'one of --model, --service and --receiver', received);
  }
  if (choice.model !== undefined) return openModel(choice.model, slot);
  if (choice.service !== undefined) return openService(choice.service, slot);
  return {
    name: CONVENTIONAL['ls-lmmse'],
    llrs: (slots) => Promise.resolve(slots.map((one) => lsLmmseReceiver(one))),
    release: () => Promise.resolve(),
  };
}

async function openModel(text: string, slot: DumpedSlot): Promise<SlotReceiver> {
  const { file, label } = parseModel(text);
  const source = modelSource(file, label);
  requireFit('--model', source, slot);
  const { name, bytes } = source.spec;
  return checked(await ModelReceiver.load(name, bytes));
}

async function openService(text: string, slot: DumpedSlot): Promise<SlotReceiver> {
  const { target, model } = parseService('--service', text);
  const source = await serviceSource(target, model);
  requireFit('--service', source, slot);
  return checked(new ServiceReceiver(source.spec.name, source.spec));
}

function requireFit(flag: string, { title, nRx, bitsPerSymbol: qm }: Source, slot: DumpedSlot): void {
  const { modulation, shape } = slot;
  if (nRx !== shape.nRx) {
    const expected = `a model for ${shape.nRx} receive antenna${shape.nRx === 1 ? '' : 's'}, as the dump has`;
    throw invalid(flag, expected, `${title} for ${nRx}: ${wayOut(`network.nRx: ${shape.nRx}`)}`);
  }
  if (qm !== bitsPerSymbol(modulation)) {
    const received = `${title} for Qm ${qm}: ${wayOut(`network.modulation: ${modulation}`)}`;
    throw invalid(flag, `a model for ${modulation}, as the dump has`, received);
  }
}

function wayOut(setting: string): string {
  return `take another (models/README.md), train one with ${setting} (docs/how-to/training.md), or use --receiver ls-lmmse`;
}

function checked(receiver: SlotReceiver): SlotReceiver {
  return {
    name: receiver.name,
    release: () => receiver.release(),
    llrs: async (slots) => {
      const all = await receiver.llrs(slots);
      const bad = all.findIndex((llrs) => !allFinite(llrs));
      if (bad >= 0)
        throw new SpikingRxError(
          'INTERNAL',
          `${receiver.name} answered LLRs for ${slots[bad]?.name} that are not finite`,
        );
      return all;
    },
  };
}
