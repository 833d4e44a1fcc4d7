/** Whether a receiver that is good at low SNR falls behind the baseline at high SNR. */
import type { EvaluationPoint, ReceiverResult } from './point.js';
import { CONVENTIONAL } from './receivers.js';
import type { Interval } from './statistics.js';

const BASELINE = CONVENTIONAL['ls-lmmse'];
/** SNRs count as high where the baseline's blocks (without a code: bits) fail at most this often. */
const HIGH_SNR_RATE = 0.1;

export interface FloorFinding {
  readonly name: string;
  readonly snrDb: number;
  readonly metric: 'BLER' | 'BER';
  readonly rate: number;
  readonly baseline: number;
  /** The 95 % intervals do not overlap: more than chance. */
  readonly certain: boolean;
}

export interface FloorCheck {
  /** The high SNRs that were looked at. */
  readonly snrsDb: readonly number[];
  /** Rates above the baseline's. */
  readonly above: readonly FloorFinding[];
}

interface Rate {
  readonly metric: 'BLER' | 'BER';
  readonly rate: number;
  readonly interval: Interval;
}

function ratesOf(result: ReceiverResult): Rate[] {
  const { blockErrorRate, blockErrorRateInterval, bitErrorRate, bitErrorRateInterval } = result;
  const bits: Rate = { metric: 'BER', rate: bitErrorRate, interval: bitErrorRateInterval };
  if (blockErrorRate === undefined || blockErrorRateInterval === undefined) return [bits];
  return [{ metric: 'BLER', rate: blockErrorRate, interval: blockErrorRateInterval }, bits];
}

/** Compares the points of a case. @returns undefined when LS + LMMSE is not among the receivers. */
export function floorCheck(points: readonly EvaluationPoint[]): FloorCheck | undefined {
  const compared = points.flatMap(({ snrDb, receivers }) => {
    const baseline = receivers.find(({ name }) => name === BASELINE);
    return baseline === undefined ? [] : [{ snrDb, receivers, rates: ratesOf(baseline) }];
  });
  if (compared.length === 0) return undefined;
  const high = compared.filter(({ rates }) => (rates[0] as Rate).rate <= HIGH_SNR_RATE);
  const above = high.flatMap(({ snrDb, receivers, rates }) =>
    receivers.flatMap((result) =>
      ratesOf(result).flatMap(({ metric, rate, interval }, i): FloorFinding[] => {
        const baseline = rates[i] as Rate;
        if (rate <= baseline.rate) return [];
        const certain = interval[0] > baseline.interval[1];
        return [{ name: result.name, snrDb, metric, rate, baseline: baseline.rate, certain }];
      }),
    ),
  );
  return { snrsDb: high.map(({ snrDb }) => snrDb), above };
}
