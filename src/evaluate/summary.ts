/** What a case's curves come down to: the SNR each receiver needs, its calibration, and whether it has a floor. */
import { type FloorCheck, floorCheck } from './floor.js';
import { type CalibrationBin, type EvaluationPoint, poolCalibration, type ReceiverResult } from './point.js';
import { type Interval, Z } from './statistics.js';

export const TARGET_BLER = 0.1;

/** Errors in a calibration bin from which on its ratio says something. */
export const MIN_CALIBRATION_ERRORS = 1000;
/** How far observed errors may be from promised ones, as a share of these. */
export const CALIBRATION_TOLERANCE = 0.2;

export interface RequiredSnr {
  readonly name: string;
  /** At 10 % BLER; undefined when the curve does not cross it. */
  readonly snrDb: number | undefined;
  /** 95 %, from the block errors of the two points around the crossing. */
  readonly interval: Interval | undefined;
  /** How many dB more it needs than the receiver of this name, where both cross. */
  readonly gapsDb: Readonly<Record<string, number>>;
}

export interface ReceiverCalibration {
  readonly name: string;
  /** Over all SNRs of the case. */
  readonly bins: readonly CalibrationBin[];
  /** Bins with enough errors, and how many of them are off by more than the tolerance. */
  readonly judged: number;
  readonly off: number;
}

export interface CaseSummary {
  readonly case: string;
  /** Empty without a code. */
  readonly required: readonly RequiredSnr[];
  readonly calibration: readonly ReceiverCalibration[];
  readonly floor: FloorCheck | undefined;
}

export type Curve = readonly (ReceiverResult & { readonly snrDb: number })[];

/** Points by case, in the order of the points. */
export function byCase(points: readonly EvaluationPoint[]): Map<string, EvaluationPoint[]> {
  const cases = new Map<string, EvaluationPoint[]>();
  for (const point of points) cases.set(point.case, [...(cases.get(point.case) ?? []), point]);
  return cases;
}

export function receiverNames(points: readonly EvaluationPoint[]): string[] {
  return points[0]?.receivers.map(({ name }) => name) ?? [];
}

/** One receiver's results over the points of a case, with their SNRs. */
export function curveOf(points: readonly EvaluationPoint[], name: string): Curve {
  return points.flatMap(({ snrDb, receivers }) =>
    receivers.filter((result) => result.name === name).map((result) => ({ ...result, snrDb })),
  );
}

/** ln BLER and its variance by the delta method, `(1 − p)/(n·p)`; no error counts as half of one. */
function logRate({ blockErrors = 0, blocks = 1 }: ReceiverResult): { log: number; variance: number } {
  const rate = Math.max(blockErrors, 0.5) / blocks;
  return { log: Math.log(rate), variance: (1 - rate) / (rate * blocks) };
}

export interface SnrAtBler {
  readonly snrDb: number;
  readonly interval: Interval;
}

/**
 * SNR at which a curve in ascending SNR falls through `bler`: linear in dB and in ln BLER between the two
 * points around the last crossing. The interval counts the errors of these points, not the curve's bend.
 */
export function snrAtBler(curve: Curve, bler = TARGET_BLER): SnrAtBler | undefined {
  const target = Math.log(bler);
  for (let i = curve.length - 1; i > 0; i--) {
    const [before, after] = [curve[i - 1], curve[i]] as [Curve[number], Curve[number]];
    const [high, low] = [logRate(before), logRate(after)];
    const fall = high.log - low.log;
    if (high.log < target || low.log > target || fall === 0) continue;
    const step = after.snrDb - before.snrDb;
    const share = (high.log - target) / fall;
    const snrDb = before.snrDb + share * step;
    const deviation = (step / fall) * Math.sqrt((1 - share) ** 2 * high.variance + share ** 2 * low.variance);
    return { snrDb, interval: [snrDb - Z * deviation, snrDb + Z * deviation] };
  }
  return undefined;
}

/** Whether a bin has enough errors to be judged, and if so, whether it is off by more than the tolerance. */
export function judge({ errors, expectedErrors }: CalibrationBin): 'fits' | 'off' | 'few errors' {
  if (errors < MIN_CALIBRATION_ERRORS) return 'few errors';
  return Math.abs(errors / expectedErrors - 1) <= CALIBRATION_TOLERANCE ? 'fits' : 'off';
}

function calibrationOf(points: readonly EvaluationPoint[], name: string): ReceiverCalibration {
  const bins = poolCalibration(curveOf(points, name).map(({ calibration }) => calibration));
  const verdicts = bins.map(judge);
  const off = verdicts.filter((verdict) => verdict === 'off').length;
  return { name, bins, judged: verdicts.filter((verdict) => verdict !== 'few errors').length, off };
}

/** What each receiver needs in the points of one case; nothing without a code. */
export function snrsAtTarget(points: readonly EvaluationPoint[]): RequiredSnr[] {
  if (points[0]?.receivers[0]?.blocks === undefined) return [];
  const found = receiverNames(points).map((name) => ({ name, at: snrAtBler(curveOf(points, name)) }));
  return found.map(({ name, at }) => ({
    name,
    snrDb: at?.snrDb,
    interval: at?.interval,
    gapsDb: Object.fromEntries(
      found.flatMap((other) =>
        at === undefined || other.at === undefined || other.name === name
          ? []
          : [[other.name, at.snrDb - other.at.snrDb]],
      ),
    ),
  }));
}

export function summarise(points: readonly EvaluationPoint[]): CaseSummary[] {
  return [...byCase(points)].map(([name, rows]) => ({
    case: name,
    required: snrsAtTarget(rows),
    calibration: receiverNames(rows).map((receiver) => calibrationOf(rows, receiver)),
    floor: floorCheck(rows),
  }));
}
