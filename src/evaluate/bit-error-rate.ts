import type { Modulation } from '../nr/qam.js';
import { bitErrors } from '../phy/metrics.js';
import { Random } from '../phy/random.js';
import { simulateSlot } from '../phy/slot.js';
import type { Scenario } from '../train/config.js';
import { drawSlotConfig } from '../train/data.js';
import type { Receiver } from './receivers.js';

/** A named part of the scenario, for example one DMRS symbol at high Doppler. */
export interface EvaluationCase {
  readonly name: string;
  readonly scenario: Scenario;
}

export interface EvaluationOptions {
  readonly receivers: readonly Receiver[];
  readonly cases: readonly EvaluationCase[];
  readonly snrsDb: readonly number[];
  readonly modulation: Modulation;
  readonly nRx: number;
  readonly slotsPerPoint: number;
  /** Slots come from streams labelled `held-out`, which training never draws from. */
  readonly seed: number;
  readonly onPoint?: (point: EvaluationPoint) => void;
}

/** Uncoded bit errors of every receiver on the same slots. */
export interface EvaluationPoint {
  readonly case: string;
  readonly snrDb: number;
  readonly slots: number;
  readonly bits: number;
  readonly receivers: readonly {
    readonly name: string;
    readonly bitErrors: number;
    readonly bitErrorRate: number;
  }[];
}

const BATCH = 16;

/** The usual split of a scenario: each DMRS set, in the lowest and in the highest quarter of the Doppler range. */
export function usualCases(scenario: Scenario): readonly EvaluationCase[] {
  const [lowest, highest] = scenario.dopplerHz;
  const quarter = (highest - lowest) / 4;
  const dopplers = [
    {
      name: `Doppler ${lowest}–${lowest + quarter} Hz`,
      dopplerHz: [lowest, lowest + quarter] as [number, number],
    },
    {
      name: `Doppler ${highest - quarter}–${highest} Hz`,
      dopplerHz: [highest - quarter, highest] as [number, number],
    },
  ];
  return scenario.dmrsSymbols.flatMap((symbols) =>
    dopplers.map(({ name, dopplerHz }) => ({
      name: `DMRS ${symbols.join(', ')}; ${name}`,
      scenario: { ...scenario, dmrsSymbols: [symbols], dopplerHz },
    })),
  );
}

/** Counts bit errors of the LLR signs at every case and SNR, on the same slots for every receiver. */
export async function evaluateBitErrors(options: EvaluationOptions): Promise<EvaluationPoint[]> {
  const points: EvaluationPoint[] = [];
  for (const evaluation of options.cases)
    for (const snrDb of options.snrsDb) {
      const point = await evaluatePoint(options, evaluation, snrDb);
      options.onPoint?.(point);
      points.push(point);
    }
  return points;
}

async function evaluatePoint(
  { receivers, modulation, nRx, slotsPerPoint, seed }: EvaluationOptions,
  { name, scenario }: EvaluationCase,
  snrDb: number,
): Promise<EvaluationPoint> {
  const random = Random.fromSeed(seed).fork('held-out').fork(name).fork(String(snrDb));
  const errors = receivers.map(() => 0);
  const fixed = { ...scenario, snrDb: [snrDb, snrDb] as [number, number] };
  let bits = 0;
  for (let done = 0; done < slotsPerPoint; done += BATCH) {
    const nPrb = scenario.nPrb[random.integer(scenario.nPrb.length)] as number;
    const slots = Array.from({ length: Math.min(BATCH, slotsPerPoint - done) }, () =>
      simulateSlot(drawSlotConfig(fixed, { modulation, nRx, nPrb }, random), random),
    );
    bits += slots.reduce((sum, slot) => sum + slot.bits.length, 0);
    for (const [r, receiver] of receivers.entries()) {
      const llrs = await receiver.llrs(slots);
      slots.forEach((slot, i) => {
        errors[r] = (errors[r] as number) + bitErrors(llrs[i] as Float32Array, slot.bits);
      });
    }
  }
  const results = receivers.map((receiver, r) => {
    const count = errors[r] as number;
    return { name: receiver.name, bitErrors: count, bitErrorRate: count / bits };
  });
  return { case: name, snrDb, slots: slotsPerPoint, bits, receivers: results };
}

/** The points as Markdown tables, one for each case. */
export function formatMarkdown(points: readonly EvaluationPoint[]): string {
  const cases = [...new Set(points.map((point) => point.case))];
  return cases
    .map((name) => {
      const rows = points.filter((point) => point.case === name);
      const names = rows[0]?.receivers.map((r) => r.name) ?? [];
      const lines = rows.map(({ snrDb, receivers }) =>
        [snrDb, ...receivers.map((r) => r.bitErrorRate.toExponential(2))].join(' | '),
      );
      return [
        `**${name}** (${rows[0]?.slots} slots a point)`,
        '',
        `| SNR (dB) | ${names.join(' | ')} |`,
        `|---:|${names.map(() => '---:').join('|')}|`,
        ...lines.map((line) => `| ${line} |`),
      ].join('\n');
    })
    .join('\n\n');
}
