import { Counter, Histogram, type Registry } from 'prom-client';
import { LLR_BYTES } from '../../engine/llr-format.js';
import { MAGNITUDE_LIMITS } from '../../engine/llr-quality.js';
import type { EngineObserver } from '../../engine/observer.js';
import type { LlrResult } from '../../engine/types.js';
import type { Quality } from '../quality.js';
import { CountedHistogram } from './counted-histogram.js';
import { BoundedModelLabels } from './model-labels.js';

/** How good the signals were, and how sure the models. */
export class QualityMetrics {
  readonly #labels = new BoundedModelLabels();
  readonly #magnitudes: CountedHistogram;
  readonly #llrs: Counter;
  readonly #saturated: Counter;
  readonly #snr: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#magnitudes = new CountedHistogram({
      name: 'spikingrx_llr_magnitude',
      help: 'LLR magnitudes at data resource elements, before the scale of the answer',
      limits: MAGNITUDE_LIMITS,
      registry,
    });
    this.#llrs = new Counter({
      name: 'spikingrx_llrs_total',
      help: 'LLRs answered, by model, version and datatype',
      labelNames: ['model', 'version', 'datatype'],
      registers,
    });
    this.#saturated = new Counter({
      name: 'spikingrx_llrs_saturated_total',
      help: 'LLRs answered that are at the limits of their datatype',
      labelNames: ['model', 'version', 'datatype'],
      registers,
    });
    this.#snr = new Histogram({
      name: 'spikingrx_estimated_snr_db',
      help: 'Signal-to-noise ratio of answered grids, estimated from their pilots',
      labelNames: ['model', 'version'],
      buckets: [-10, -5, 0, 5, 10, 15, 20, 25, 30, 40],
      registers,
    });
  }

  readonly observer: EngineObserver = {
    batchCompleted: ({ model, version, magnitudes }) => {
      if (magnitudes) this.#magnitudes.add({ ...this.#labels.of(model, version) }, magnitudes);
    },
  };

  gridAnswered({ model, version, llr }: LlrResult, quality: Quality): void {
    const { datatype, bytes } = llr;
    const count = bytes.byteLength / LLR_BYTES[datatype];
    const saturated = Math.round(quality.saturatedFraction * count);
    const labels = this.#labels.of(model, version);
    this.#llrs.inc({ ...labels, datatype }, count);
    this.#saturated.inc({ ...labels, datatype }, saturated);
    if (quality.estimatedSnrDb !== undefined) this.#snr.observe({ ...labels }, quality.estimatedSnrDb);
  }
}
