/** The slot of a report: simulated, or out of a dump. */
import { readFileSync, existsSync } from 'node:fs';
import type { DumpedSlot } from '../dumps/dumped-slot.js';
import { filesIn } from '../dumps/folder.js';
import { readBundleFiles, slotOfBundle } from '../dumps/oai/bundle.js';
import { transmissionOf } from '../dumps/oai/ldpc-config.js';
import { readRecording } from '../dumps/sigmf/read.js';
import { invalid } from '../errors.js';
import { bitsPerSymbol } from '../nr/qam.js';
import { encodeTransportBlock } from '../phy/coding/index.js';
import { Random } from '../phy/random.js';
import { type Slot, type SlotConfig, simulateSlot } from '../phy/slot.js';

/** A received slot, and what is known about what was sent. */
export interface SubjectSlot {
  /** What the receiver sees. Of a dump, noise variance and SNR are estimates from the pilots. */
  readonly received: DumpedSlot;
  /** In words, for the head of the page. */
  readonly origin: string;
  /** The simulated slot, with the true channel and the statistics it was drawn from; undefined of a dump. */
  readonly simulated?: Slot;
  /** Bits as sent, `[G]` in codeword order, where they are known. */
  readonly bits?: Uint8Array<ArrayBuffer>;
  /** The dump's own LLRs `[G]`, in a scale of their own. */
  readonly dumpLlrs?: Float32Array<ArrayBuffer>;
}

/** Which slot a report is about. */
export type SlotChoice =
  | {
      readonly kind: 'simulated';
      /** Modulation and antennas are the model's. */
      readonly config: Omit<SlotConfig, 'modulation' | 'nRx'>;
      readonly seed: number;
    }
  | { readonly kind: 'oai'; readonly folder: string }
  | {
      readonly kind: 'sigmf';
      readonly path: string;
      /** Which of the recording's slots, from 0. */
      readonly index: number;
    };

/** What a slot must fit. */
type Fit = Pick<SlotConfig, 'modulation' | 'nRx'>;

/** @throws INVALID_ARGUMENT that names the field or the file that does not fit. */
export function openSlot(choice: SlotChoice, model: Fit): SubjectSlot {
  const slot = readSlot(choice, model);
  const { shape, modulation } = slot.received;
  if (shape.nRx !== model.nRx)
    throw invalid(
      '--model',
      `one for ${shape.nRx} receive antennas, as the dump has`,
      `one for ${model.nRx}`,
    );
  if (modulation !== model.modulation)
    throw invalid('--model', `one for ${modulation}, as the dump has`, `one for ${model.modulation}`);
  return slot;
}

function readSlot(choice: SlotChoice, model: Fit): SubjectSlot {
  switch (choice.kind) {
    case 'simulated':
      return simulatedSlot({ ...choice.config, ...model }, choice.seed);
    case 'oai':
      return oaiSlot(choice.folder);
    case 'sigmf':
      return sigmfSlot(choice.path, choice.index);
    default:
      return choice satisfies never;
  }
}

/** The same generator as `spikingrx simulate`: the same flags give the same slot. */
function simulatedSlot(config: SlotConfig, seed: number): SubjectSlot {
  const slot = simulateSlot(config, Random.fromSeed(seed).fork('simulate'));
  return {
    received: { ...slot, name: `seed ${seed}`, snrDb: config.snrDb },
    origin: `simulated, seed ${seed}`,
    simulated: slot,
    bits: slot.bits,
  };
}

function oaiSlot(folder: string): SubjectSlot {
  const files = filesIn(folder);
  const bundle = readBundleFiles(files);
  const { payload, llrs, pdsch, ldpc } = bundle;
  return {
    received: slotOfBundle(bundle, files.pathOf),
    origin: `bundle of OpenAirInterface, ${folder}`,
    ...(payload && { bits: encodeTransportBlock(payload, transmissionOf(pdsch, ldpc)) }),
    ...(llrs && { dumpLlrs: llrs }),
  };
}

function sigmfSlot(path: string, index: number): SubjectSlot {
  const slots = readRecording(path);
  const received = slots[index];
  if (received === undefined)
    throw invalid('--slot', `a slot of the recording, 0 to ${slots.length - 1}`, String(index));
  const bits = truthBeside(path, index, received);
  return { received, origin: `SigMF recording, ${path}, slot ${index}`, ...(bits && { bits }) };
}

/** `spikingrx simulate` leaves what it sent beside its recording. */
function truthBeside(path: string, index: number, slot: DumpedSlot): Uint8Array<ArrayBuffer> | undefined {
  const file = `${path.replace(/\.sigmf-(?:meta|data)$/, '')}.truth.json`;
  if (!existsSync(file)) return undefined;
  const count = slot.dataMask.reduce((sum, data) => sum + data, 0) * bitsPerSymbol(slot.modulation);
  const text = bitsIn(readFileSync(file, 'utf8'), index);
  if (text === undefined || text.length !== count || /[^01]/.test(text))
    throw invalid(file, `bits of slot ${index}: ${count} of 0 and 1`, 'something else');
  return Uint8Array.from(text, Number);
}

function bitsIn(json: string, index: number): string | undefined {
  try {
    const truths = JSON.parse(json) as readonly { readonly bits?: unknown }[];
    const bits = truths[index]?.bits;
    return typeof bits === 'string' ? bits : undefined;
  } catch {
    return undefined;
  }
}
