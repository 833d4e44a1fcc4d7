import type { LlrResult, ModelInfo } from '../engine/types.js';
import { asciiOnly } from './ascii.js';

/** Where an answer came from: what computed it, and the time spent in each stage before it was encoded. */
export interface Provenance {
  readonly model: string;
  readonly version: string;
  /** SHA-256 of the model file, hex. */
  readonly sha256: string;
  /** Execution provider. */
  readonly provider: ModelInfo['provider'];
  /** Grids that ran together. */
  readonly batchSize: number;
  readonly decodeMs: number;
  readonly queueMs: number;
  readonly computeMs: number;
  /** Of a grid with a deadline: what was expected to be left of its time when its batch was sent, in microseconds. */
  readonly slackUs?: number | undefined;
}

export function provenanceOf(
  result: Pick<LlrResult, 'model' | 'version' | 'sha256' | 'timing'>,
  known: Pick<Provenance, 'provider' | 'decodeMs'>,
): Provenance {
  const { model, version, sha256, timing } = result;
  const { batchSize, queueMs, computeMs, slackMs } = timing;
  const { provider, decodeMs } = known;
  const slackUs = slackMs === undefined ? undefined : 1000 * slackMs;
  return { model, version, sha256, provider, batchSize, decodeMs, queueMs, computeMs, slackUs };
}

/**
 * The provenance of a message's answers as texts, for headers, trailers and parameters; names in kebab case.
 * Stage times and batch sizes are comma-separated, one an answer; what the answers have in common is said once.
 */
export function provenanceTexts(answers: readonly Provenance[]): Record<string, string> {
  const each = (text: (one: Provenance) => string): string => answers.map(text).join(',');
  const common = (text: (one: Provenance) => string): string =>
    new Set(answers.map(text)).size === 1 ? text(answers[0]!) : each(text);
  return {
    model: asciiOnly(common(({ model }) => model)),
    version: common(({ version }) => version),
    sha256: common(({ sha256 }) => sha256),
    provider: common(({ provider }) => provider),
    'batch-size': each(({ batchSize }) => String(batchSize)),
    'decode-ms': each(({ decodeMs }) => milliseconds(decodeMs)),
    'queue-ms': each(({ queueMs }) => milliseconds(queueMs)),
    'compute-ms': each(({ computeMs }) => milliseconds(computeMs)),
    // Empty for those without a deadline.
    ...(answers.some(({ slackUs }) => slackUs !== undefined) && {
      'slack-us': each(({ slackUs }) => slackUs?.toFixed(0) ?? ''),
    }),
  };
}

/** A time as headers and trailers give it. */
export function milliseconds(ms: number): string {
  return ms.toFixed(3);
}
