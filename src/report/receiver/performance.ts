/** Block errors, bit errors and GMI over SNR for all receivers, and whether their LLRs are calibrated. */
import { pointTable } from '../../evaluate/csv.js';
import { curvesOption, type Metric, metricsOf, metricTitle } from '../../evaluate/curves.js';
import type { EvaluationPoint } from '../../evaluate/point.js';
import { fileName } from '../../evaluate/store.js';
import { byCase } from '../../evaluate/summary.js';
import type { Figure } from '../figure.js';
import type { FigureGroup } from '../section.js';
import { calibrationFigure } from './calibration.js';
import { type EvaluationChoice, evaluated } from './evaluation.js';

export function performanceGroup(choice: EvaluationChoice): FigureGroup {
  return {
    name: 'receivers over SNR',
    draw: async (subject, progress) => {
      const result = await evaluated(subject, choice, progress);
      if (result === undefined) return [];
      const { points, caption } = result;
      const cases = [...byCase(points)];
      return [
        ...cases.flatMap(([name, rows]) =>
          metricsOf(rows).map((metric) =>
            curveFigure(rows, metric, caption, cases.length > 1 ? name : undefined),
          ),
        ),
        calibrationFigure(points, caption),
      ];
    },
  };
}

const READING: Readonly<Record<Metric, string>> = {
  bler:
    'Share of the transport blocks that the decoder could not correct, over SNR: the further left a curve falls, the ' +
    'better. A link is usually run where it is 10⁻¹; what a receiver needs more dB for than perfect CSI there is what it ' +
    'loses. A curve that stops falling has a floor.',
  ber:
    'Share of wrong bits before the decoder, by the sign of the LLRs alone, over SNR: lower is better. It says nothing ' +
    'about whether their magnitudes are right.',
  gmi:
    'Bits that a good code could carry in each data resource element with these LLRs: higher is better, Qm is the most. ' +
    'Unlike the bit error rate it also counts what the magnitudes of the LLRs are worth: overconfident ones lower it.',
};

function curveFigure(
  rows: readonly EvaluationPoint[],
  metric: Metric,
  caption: string,
  name: string | undefined,
): Figure {
  return {
    id: name === undefined ? metric : `${metric}-${fileName(name)}`,
    title: `${metricTitle(metric)} over SNR${name === undefined ? '' : `: ${name}`}`,
    caption:
      `${READING[metric]} Perfect CSI knows the channel and is the bound; LS + LMMSE and LMMSE + LMMSE know the statistics ` +
      'that it was drawn from, which a real receiver would have to estimate. Bands are 95 % confidence: where they overlap, ' +
      'the order may be chance, though all receivers saw the same slots. SNR is received energy per resource element and ' +
      'antenna over N0.',
    size: { width: 760, height: 500 },
    frames: [{ label: metric, option: curvesOption(rows, { metric, caption }) }],
    data: pointTable(rows),
  };
}
