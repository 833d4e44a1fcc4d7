/** Calibration of the LLRs as SVG. */
import { layout, seriesLook, xAxisStyle, yAxisStyle } from '../chart/chart.js';
import { LIGHT } from '../chart/colours.js';
import { type ColourScheme, renderChart } from '../chart/render.js';
import { CALIBRATION_TOLERANCE, type CaseSummary, judge, MIN_CALIBRATION_ERRORS } from './summary.js';
import { CALIBRATION_EDGES } from './tally.js';

/** Largest ratio that is drawn, and the reciprocal of the smallest. */
const LARGEST_RATIO = 4;

/** Observed over promised errors by |LLR|, where there are enough errors; the band is what counts as calibrated. */
export function renderCalibration(
  summary: CaseSummary,
  { caption, scheme }: { readonly caption?: string; readonly scheme?: ColourScheme } = {},
): string {
  const names = summary.calibration.map(({ name }) => name);
  const percent = 100 * CALIBRATION_TOLERANCE;
  const below = [
    summary.case,
    caption,
    `bins with ${MIN_CALIBRATION_ERRORS} errors or more`,
    `band: ±${percent} %`,
  ];
  return renderChart(
    {
      ...layout({ title: 'Errors over those that the LLRs promise', below, names }),
      xAxis: { ...xAxisStyle('|LLR|'), min: 0, max: CALIBRATION_EDGES.length, interval: 2 },
      yAxis: {
        ...yAxisStyle('observed / promised errors'),
        type: 'log' as const,
        logBase: 2,
        min: 1 / LARGEST_RATIO,
        max: LARGEST_RATIO,
      },
      series: summary.calibration.map(({ name, bins }, i) => ({
        type: 'line',
        name,
        data: bins
          .filter((bin) => judge(bin) !== 'few errors')
          .map(({ from, errors, expectedErrors }) => [
            from + 0.5,
            Math.min(LARGEST_RATIO, Math.max(1 / LARGEST_RATIO, errors / expectedErrors)),
          ]),
        ...seriesLook(i),
        ...(i === 0 && { markArea: toleranceBand() }),
      })),
    },
    { scheme },
  );
}

function toleranceBand() {
  return {
    silent: true,
    itemStyle: { color: LIGHT.muted, opacity: 0.18 },
    data: [[{ yAxis: 1 - CALIBRATION_TOLERANCE }, { yAxis: 1 + CALIBRATION_TOLERANCE }]],
  };
}
