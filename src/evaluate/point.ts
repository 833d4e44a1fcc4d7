/** One point of the curves: what every receiver made of the same slots. */
import { bitsPerSymbol, type Modulation } from '../nr/qam.js';
import { bestLlrScale } from './llr-scale.js';
import { type Interval, ratio, ratioHalfWidth, wilsonInterval } from './statistics.js';
import { CALIBRATION_EDGES, type Tally } from './tally.js';

export interface CalibrationBin {
  /** Bits with `from` ≤ |LLR| < `to`; no upper end when null. */
  readonly from: number;
  readonly to: number | null;
  readonly bits: number;
  readonly errors: number;
  /** Errors that the LLRs promise: Σ 1/(1 + e^|LLR|). */
  readonly expectedErrors: number;
}

export interface BlockErrors {
  readonly blocks: number;
  readonly blockErrors: number;
  readonly blockErrorRate: number;
  /** 95 %, Wilson. */
  readonly blockErrorRateInterval: Interval;
}

export interface ReceiverResult extends Partial<BlockErrors> {
  readonly name: string;
  readonly bitErrors: number;
  readonly bitErrorRate: number;
  /** 95 %, normal, from the errors of each slot. */
  readonly bitErrorRateInterval: Interval;
  /** Generalised mutual information with bit metrics, bit per data RE; negative when LLRs are badly wrong. */
  readonly gmi: number;
  readonly gmiInterval: Interval;
  /** The GMI after multiplying the LLRs by `llrScale`, the best factor. */
  readonly gmiScaled: number;
  readonly llrScale: number;
  readonly calibration: readonly CalibrationBin[];
}

export interface EvaluationPoint {
  readonly case: string;
  readonly snrDb: number;
  readonly slots: number;
  readonly bits: number;
  readonly receivers: readonly ReceiverResult[];
}

/** The figures of a tally. */
export function resultOf(name: string, tally: Tally, modulation: Modulation): ReceiverResult {
  const qm = bitsPerSymbol(modulation);
  const { bitErrors, loss, blocks, blockErrors } = tally;
  const rate = ratio(bitErrors);
  const half = ratioHalfWidth(bitErrors);
  const gmi = qm * (1 - ratio(loss));
  const gmiHalf = qm * ratioHalfWidth(loss);
  const { scale, lossSaved } = bestLlrScale(tally);
  return {
    name,
    ...(blocks > 0 && {
      blocks,
      blockErrors,
      blockErrorRate: blockErrors / blocks,
      blockErrorRateInterval: wilsonInterval(blockErrors, blocks),
    }),
    bitErrors: bitErrors.y,
    bitErrorRate: rate,
    bitErrorRateInterval: [Math.max(0, rate - half), Math.min(1, rate + half)],
    gmi,
    gmiInterval: [gmi - gmiHalf, Math.min(qm, gmi + gmiHalf)],
    gmiScaled: gmi + (qm * lossSaved) / loss.n,
    llrScale: scale,
    calibration: calibrationOf(tally),
  };
}

function calibrationOf({ calibration }: Tally): CalibrationBin[] {
  return CALIBRATION_EDGES.map((from, i) => ({
    from,
    to: CALIBRATION_EDGES[i + 1] ?? null,
    bits: calibration.bits[i] as number,
    errors: calibration.errors[i] as number,
    expectedErrors: calibration.expected[i] as number,
  })).filter(({ bits }) => bits > 0);
}

/** Calibration bins of several points together. */
export function poolCalibration(tables: readonly (readonly CalibrationBin[])[]): CalibrationBin[] {
  const pooled = new Map<number, CalibrationBin>();
  for (const bin of tables.flat()) {
    const sum = pooled.get(bin.from);
    pooled.set(bin.from, {
      ...bin,
      bits: bin.bits + (sum?.bits ?? 0),
      errors: bin.errors + (sum?.errors ?? 0),
      expectedErrors: bin.expectedErrors + (sum?.expectedErrors ?? 0),
    });
  }
  return [...pooled.values()].toSorted((a, b) => a.from - b.from);
}
