/** Activity and energy as CSV (RFC 4180): a row for each model, SNR, layer and step, and one for each layer. */
import { quote } from '../evaluate/csv.js';
import type { EnergyPoint, EnergyReport, LayerReport, ModelEnergy, StepReport } from './report.js';

interface Row {
  readonly model: ModelEnergy;
  readonly point: EnergyPoint;
  readonly layer: LayerReport;
  /** Left out in the row of the whole layer. */
  readonly step?: StepReport;
}

/** A figure of whole layers alone. */
const ofLayer =
  (figure: (layer: LayerReport) => number) =>
  ({ layer, step }: Row): number | undefined =>
    step === undefined ? figure(layer) : undefined;

const COLUMNS: Readonly<Record<string, (row: Row) => string | number | undefined>> = {
  model: ({ model }) => model.name,
  time_steps: ({ model }) => model.timeSteps,
  snr_db: ({ point }) => point.snrDb ?? 'all',
  slots: ({ point }) => point.slots,
  layer: ({ layer }) => layer.name,
  step: ({ step }) => step?.step ?? 'all',
  firing_rate: ({ step }) => step?.firingRate,
  input_spikes_per_element: ({ step }) => step?.input?.mean,
  input_nonzero_share: ({ step }) => step?.input?.nonzeroShare,
  input_largest: ({ step }) => step?.input?.largest,
  ac: ({ layer, step }) => (step ? step.input?.accumulates : layer.accumulates),
  mac: ofLayer((layer) => layer.multiplyAccumulates),
  energy_pj: ofLayer((layer) => layer.energyPj),
  ann_mac: ofLayer((layer) => layer.annMultiplyAccumulates),
  ann_energy_pj: ofLayer((layer) => layer.annEnergyPj),
  mac_at_every_step: ofLayer((layer) => layer.everyStepMultiplyAccumulates),
  elementwise_multiplications: ofLayer((layer) => layer.elementwise.multiplications),
  elementwise_additions: ofLayer((layer) => layer.elementwise.additions),
  elementwise_comparisons: ofLayer((layer) => layer.elementwise.comparisons),
};

/** Counts are means a slot. */
export function formatEnergyCsv({ models }: EnergyReport): string {
  const rows = models.flatMap((model) =>
    [...model.parts, model.pooled].flatMap((point) =>
      point.layers.flatMap((layer): Row[] => [
        ...layer.steps.map((step) => ({ model, point, layer, step })),
        { model, point, layer },
      ]),
    ),
  );
  const lines = rows.map((row) => Object.values(COLUMNS).map((column) => quote(column(row))));
  return [Object.keys(COLUMNS), ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}
