/** Whether LLRs keep their promise: wrong bits by |LLR|. */
import type { CustomSeriesOption, LineSeriesOption } from 'echarts';
import { heading, legend, logarithmicAxis, seriesLook, xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { LIGHT } from '../../chart/colours.js';
import { plotChart } from '../../chart/plots.js';
import { type CalibrationBin, type EvaluationPoint, poolCalibration } from '../../evaluate/point.js';
import { type Interval, wilsonInterval } from '../../evaluate/statistics.js';
import { curveOf, receiverNames } from '../../evaluate/summary.js';
import type { Cell, Figure } from '../figure.js';

export interface ReliabilityPoint {
  /** |LLR| that promises as many errors as the LLRs of the bin do in the mean: ln((1 − p)/p). */
  readonly llr: number;
  /** Share of wrong bits that the LLRs promise, and what it is. */
  readonly promised: number;
  readonly observed: number;
  /** 95 %, Wilson. */
  readonly interval: Interval;
  readonly bin: CalibrationBin;
}

/** A point for each bin that has bits. */
export function reliability(bins: readonly CalibrationBin[]): ReliabilityPoint[] {
  return bins
    .filter(({ bits }) => bits > 0)
    .map((bin) => {
      const promised = bin.expectedErrors / bin.bits;
      return {
        llr: Math.log((1 - promised) / promised),
        promised,
        observed: bin.errors / bin.bits,
        interval: wilsonInterval(bin.errors, bin.bits),
        bin,
      };
    });
}

interface NamedCurve {
  readonly name: string;
  readonly points: readonly ReliabilityPoint[];
}

const LARGEST_LLR = 12;
const LOWEST_SHARE = 1e-6;
const SIZE = { width: 860, height: 500 };
const PROMISE = 'what LLRs promise';

/** All SNRs and cases of an evaluation together. */
export function calibrationFigure(points: readonly EvaluationPoint[], caption: string): Figure {
  const curves = receiverNames(points).map((name) => ({
    name,
    points: reliability(poolCalibration(curveOf(points, name).map(({ calibration }) => calibration))),
  }));
  const snrs = points.map(({ snrDb }) => snrDb);
  const below = `${caption}; ${Math.min(...snrs)} to ${Math.max(...snrs)} dB together; bars: 95 % confidence`;
  const place = { left: 78, top: 78, width: SIZE.width - 78 - 28, height: SIZE.height - 78 - 92 };
  const plot = {
    place,
    xAxis: { ...xAxisStyle('|LLR|'), min: 0, max: LARGEST_LLR, interval: 1 },
    yAxis: { ...yAxisStyle('share of wrong bits'), ...logarithmicAxis, min: LOWEST_SHARE, max: 1 },
    series: [promise(), ...curves.flatMap((curve, i) => [line(curve, i), bars(curve, i)])],
  };
  const names = [...curves.map(({ name }) => name), PROMISE];
  return {
    id: 'calibration',
    title: 'Calibration of the LLRs',
    caption:
      'An LLR of magnitude L promises that one bit in 1 + e^L is wrong: the dashed line. The points are what was counted, ' +
      'for LLRs from L to L + 1 at the L that promises as much as they do in the mean. On the line a receiver says what it ' +
      'knows. Above it, it is too sure of itself and misleads the decoder; below it, it knows more than it says. A bar ' +
      'without a point is a bin without any error. Bits of a slot share a channel, so that the bars are somewhat short.',
    size: SIZE,
    frames: [
      {
        label: 'calibration',
        option: plotChart([plot], {
          title: heading('Wrong bits by |LLR|', below),
          legend: legend(names),
        }),
      },
    ],
    data: {
      columns: [
        'receiver',
        'llr_from',
        'llr_to',
        'bits',
        'wrong_bits',
        'promised_wrong_bits',
        'ber',
        'ber_low',
        'ber_high',
        'promised_ber',
      ],
      rows: curves.flatMap(({ name, points: row }) =>
        row.map(({ bin, observed, interval, promised }): Cell[] => [
          name,
          bin.from,
          bin.to,
          bin.bits,
          bin.errors,
          bin.expectedErrors,
          observed,
          interval[0],
          interval[1],
          promised,
        ]),
      ),
    },
  };
}

function shown({ points }: NamedCurve): ReliabilityPoint[] {
  return points.filter(({ llr, bin }) => bin.to !== null && llr <= LARGEST_LLR);
}

function promise(): LineSeriesOption {
  return {
    type: 'line',
    name: PROMISE,
    silent: true,
    symbol: 'none',
    itemStyle: { color: LIGHT.muted },
    lineStyle: { color: LIGHT.muted, width: 2, type: 'dashed' },
    data: Array.from({ length: 10 * LARGEST_LLR + 1 }, (_, i) => [i / 10, 1 / (1 + Math.exp(i / 10))]),
  };
}

function line(curve: NamedCurve, index: number): LineSeriesOption {
  return {
    type: 'line',
    name: curve.name,
    ...seriesLook(index),
    data: shown(curve).map(({ llr, observed }) => [llr, observed > 0 ? observed : null]),
  };
}

function bars(curve: NamedCurve, index: number): CustomSeriesOption {
  const colour = seriesLook(index).itemStyle.color;
  return {
    type: 'custom',
    silent: true,
    clip: true,
    data: shown(curve).map(({ llr, interval }) => [
      llr,
      Math.max(LOWEST_SHARE, interval[0]),
      Math.max(LOWEST_SHARE, interval[1]),
    ]),
    renderItem: (_, api) => {
      const [llr, low, high] = [0, 1, 2].map((i) => Number(api.value(i))) as [number, number, number];
      const [x1, y1] = api.coord([llr, low]) as [number, number];
      const [x2, y2] = api.coord([llr, high]) as [number, number];
      return {
        type: 'line',
        shape: { x1, y1, x2, y2 },
        style: { stroke: colour, lineWidth: 1.5, opacity: 0.7 },
      };
    },
  };
}
