import type { ChannelConfig } from '../phy/channel.js';
import type { TdlConfig } from '../phy/tdl/channel.js';
import type { Scenario } from '../train/config.js';

/** A named part of the scenario, for example one DMRS symbol at high Doppler. */
export interface EvaluationCase {
  readonly name: string;
  readonly scenario: Scenario;
  /** In place of the scenario's profiles: gain 1, or Rayleigh gains, one for each antenna and slot or RE. */
  readonly channel?: Exclude<ChannelConfig, TdlConfig>;
}

/** Each DMRS set of a scenario, once: a set that is drawn more often than others stands in it several times. */
export function dmrsCases(scenario: Scenario): readonly EvaluationCase[] {
  const cases = scenario.dmrsSymbols.map((symbols) => ({
    name: `DMRS ${symbols.join(', ')}`,
    scenario: { ...scenario, dmrsSymbols: [symbols] },
  }));
  return distinct(cases);
}

/** A point belongs to a case by its name. */
function distinct(cases: readonly EvaluationCase[]): readonly EvaluationCase[] {
  return [...new Map(cases.map((one) => [one.name, one])).values()];
}

/** The usual split of a scenario: each DMRS set, in the lowest and in the highest quarter of the Doppler range. */
export function usualCases(scenario: Scenario): readonly EvaluationCase[] {
  const [lowest, highest] = scenario.dopplerHz;
  const quarter = (highest - lowest) / 4;
  const ranges: [number, number][] = [
    [lowest, lowest + quarter],
    [highest - quarter, highest],
  ];
  const cases = dmrsCases(scenario).flatMap((dmrs) =>
    ranges.map((dopplerHz) => ({
      name: `${dmrs.name}; Doppler ${dopplerHz[0]}–${dopplerHz[1]} Hz`,
      scenario: { ...dmrs.scenario, dopplerHz },
    })),
  );
  return distinct(cases);
}
