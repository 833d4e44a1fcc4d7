import type { Registry } from 'prom-client';
import { LLR_BYTES } from '../../engine/llr-format.js';
import { MAGNITUDE_LIMITS } from '../../engine/llr-quality.js';
import type { EngineObserver } from '../../engine/observer.js';
import type { LlrDatatype, LlrResult } from '../../engine/types.js';
import type { Quality } from '../quality.js';
import { CountedHistogram, type CountedSeries } from './counted-histogram.js';
import { BoundedModelLabels, type ModelLabels } from './model-labels.js';
import { TalliedCounter, type Tally } from './tallied-counter.js';

interface LlrTallies {
  readonly all: Tally;
  readonly saturated: Tally;
}

/** Looked up once for each model version, because all of it is counted for each grid. */
interface ModelQuality {
  readonly labels: ModelLabels;
  readonly snr: CountedSeries;
  readonly llrs: Partial<Record<LlrDatatype, LlrTallies>>;
}

/** How good the signals were, and how sure the models. */
export class QualityMetrics {
  readonly #labels = new BoundedModelLabels();
  readonly #magnitudes: CountedHistogram;
  readonly #llrs: TalliedCounter<'model' | 'version' | 'datatype'>;
  readonly #saturated: TalliedCounter<'model' | 'version' | 'datatype'>;
  readonly #snr: CountedHistogram;
  readonly #models = new Map<ModelLabels, ModelQuality>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#magnitudes = new CountedHistogram({
      name: 'spikingrx_llr_magnitude',
      help: 'LLR magnitudes at data resource elements, before the scale of the answer',
      limits: MAGNITUDE_LIMITS,
      registry,
    });
    this.#llrs = new TalliedCounter({
      name: 'spikingrx_llrs_total',
      help: 'LLRs answered, by model, version and datatype',
      labelNames: ['model', 'version', 'datatype'],
      registers,
    });
    this.#saturated = new TalliedCounter({
      name: 'spikingrx_llrs_saturated_total',
      help: 'LLRs answered that are at the limits of their datatype',
      labelNames: ['model', 'version', 'datatype'],
      registers,
    });
    this.#snr = new CountedHistogram({
      name: 'spikingrx_estimated_snr_db',
      help: 'Signal-to-noise ratio of answered grids, estimated from their pilots',
      limits: [-10, -5, 0, 5, 10, 15, 20, 25, 30, 40],
      registry,
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
    const of = this.#of(this.#labels.of(model, version));
    const tallies = (of.llrs[datatype] ??= this.#tallies({ ...of.labels, datatype }));
    tallies.all.count += count;
    tallies.saturated.count += saturated;
    if (quality.estimatedSnrDb !== undefined) of.snr.observe(quality.estimatedSnrDb);
  }

  #of(labels: ModelLabels): ModelQuality {
    let of = this.#models.get(labels);
    if (!of) this.#models.set(labels, (of = { labels, snr: this.#snr.series({ ...labels }), llrs: {} }));
    return of;
  }

  #tallies(labels: ModelLabels & { readonly datatype: string }): LlrTallies {
    return { all: this.#llrs.tally(labels), saturated: this.#saturated.tally(labels) };
  }
}
