/** The result of `infer` as text and as JSON. */
import { LLR_FILE } from '../dumps/oai/bundle.js';
import { SUBCARRIERS_PER_RB } from '../nr/shape.js';
import { binEdge, HISTOGRAM_BINS } from './compare.js';
import type { LlrResult, SlotResult } from './infer.js';
import type { WrittenLlrs } from './output.js';

export interface Inference {
  /** Path of the dump. */
  readonly dump: string;
  /** Name of the receiver. */
  readonly receiver: string;
  readonly slots: readonly SlotResult[];
  readonly written?: WrittenLlrs;
}

const BAR = 20;
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

export function formatText({ dump, receiver, slots, written }: Inference): string {
  const lines = [`${dump}: ${receiver}`];
  for (const slot of slots) lines.push('', ...slotLines(slot, receiver));
  if (written) {
    const { path, format, scale, count, saturated } = written;
    const loss = format === 'i8' ? `, ${saturated} saturated (${percent(saturated / count)})` : '';
    lines.push('', `${path}: ${count} LLRs as ${format}, times ${scale}${loss}`);
  }
  return lines.join('\n');
}

function slotLines({ slot, llrs, ours, own }: SlotResult, receiver: string): string[] {
  const { nRx, nSym, nSc } = slot.shape;
  const pilots = slot.config.dmrs.symbolPositions.join(', ');
  const lines = [
    `${slot.name}: ${nRx} Rx, ${nSc / SUBCARRIERS_PER_RB} PRB, ${nSym} symbols, DMRS in ${pilots}, ${slot.modulation}`,
    `  SNR ${slot.snrDb.toFixed(1)} dB, noise variance ${slot.noiseVariance.toPrecision(4)} (from the pilots)`,
    `  ${llrs.length} LLRs, RMS ${ours.rms.toPrecision(4)}; before descrambling, positive = 0`,
    ...blockLines(receiver, ours),
  ];
  if (own === undefined) return lines;
  return [
    ...lines,
    ...blockLines(LLR_FILE, own),
    `  against ${LLR_FILE} (RMS ${own.rms.toPrecision(4)}):`,
    `    same sign    ${percent(own.sameSign)}${own.zeros > 0 ? ` (${own.zeros} zeros left out)` : ''}`,
    `    scale        theirs = ${own.scale.toPrecision(4)} x ours (least squares)`,
    `    correlation  ${own.correlation.toFixed(4)}`,
    ...histogramLines(ours, own, receiver),
  ];
}

function blockLines(name: string, { block }: LlrResult): string[] {
  if (block === undefined) return [];
  const { crcOk, codeBlocksOk, codeBlocks, iterations, bitErrors, llrErrors } = block;
  const crc = crcOk ? 'CRC passes' : `CRC fails (${codeBlocksOk} of ${codeBlocks} code blocks decoded)`;
  const bits =
    bitErrors === undefined
      ? 'bits sent not known'
      : bitErrors === 0
        ? `bits match; ${llrErrors} wrong LLR signs`
        : `${bitErrors} wrong bits; ${llrErrors} wrong LLR signs`;
  return [`  transport block from ${name}: ${crc}, ${bits} (${iterations} iterations)`];
}

/** Both histograms side by side, each in units of its own RMS. */
function histogramLines(ours: LlrResult, own: LlrResult, receiver: string): string[] {
  const most = Math.max(...ours.histogram, ...own.histogram);
  const bar = (count: number): string => '#'.repeat(Math.round((BAR * count) / most)).padEnd(BAR);
  const rows = Array.from({ length: HISTOGRAM_BINS }, (_, bin) => {
    const [a, b] = [ours.histogram[bin] as number, own.histogram[bin] as number];
    const edges = `${edge(bin)} … ${edge(bin + 1)}`;
    return `    ${edges}  ${bar(a)} ${String(a).padStart(6)}  ${bar(b)} ${String(b).padStart(6)}`;
  });
  const titles = `${receiver.slice(0, BAR + 7).padEnd(BAR + 7)}  ${LLR_FILE}`;
  return [`    LLR / RMS     ${titles}`, ...rows];
}

function edge(bin: number): string {
  return binEdge(bin).toFixed(1).padStart(4);
}

export function formatJson({ dump, receiver, slots, written }: Inference): string {
  const results = slots.map(({ slot, llrs, ours, own }) => {
    const { name, shape, modulation, config, noiseVariance, snrDb } = slot;
    const described = { name, shape, modulation, dmrs: config.dmrs, noiseVariance, snrDb };
    return { ...described, llrs: llrs.length, ours, ...(own && { own }) };
  });
  return JSON.stringify({ dump, receiver, slots: results, ...(written && { written }) }, null, 2);
}
