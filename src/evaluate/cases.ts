import type { Scenario } from '../train/config.js';

/** A named part of the scenario, for example one DMRS symbol at high Doppler. */
export interface EvaluationCase {
  readonly name: string;
  readonly scenario: Scenario;
  /** In place of the scenario's profiles: gain 1, or one Rayleigh gain for each antenna and slot. */
  readonly channel?: 'awgn' | 'rayleigh';
}

/** Each DMRS set of a scenario. */
export function dmrsCases(scenario: Scenario): readonly EvaluationCase[] {
  return scenario.dmrsSymbols.map((symbols) => ({
    name: `DMRS ${symbols.join(', ')}`,
    scenario: { ...scenario, dmrsSymbols: [symbols] },
  }));
}

/** The usual split of a scenario: each DMRS set, in the lowest and in the highest quarter of the Doppler range. */
export function usualCases(scenario: Scenario): readonly EvaluationCase[] {
  const [lowest, highest] = scenario.dopplerHz;
  const quarter = (highest - lowest) / 4;
  const ranges: [number, number][] = [
    [lowest, lowest + quarter],
    [highest - quarter, highest],
  ];
  return dmrsCases(scenario).flatMap((dmrs) =>
    ranges.map((dopplerHz) => ({
      name: `${dmrs.name}; Doppler ${dopplerHz[0]}–${dopplerHz[1]} Hz`,
      scenario: { ...dmrs.scenario, dopplerHz },
    })),
  );
}
