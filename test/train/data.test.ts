import { describe, it } from 'vitest';
import { bitsPerSymbol } from '#nr/qam.js';
import type { DmrsConfig } from '#nr/dmrs.js';
import { Random } from '#phy/random.js';
import type { TdlConfig } from '#phy/tdl/channel.js';
import { type Scenario, parseTrainConfig } from '#train/config.js';
import { drawBatch, drawSlotConfig } from '#train/data.js';
import { at, expect } from '../support/matchers.js';

const RECEIVER = { modulation: '16QAM', nRx: 2 } as const;

function scenarioOf(data: object = {}): Scenario {
  return parseTrainConfig({ name: 'a', version: '1', data }).data;
}

/** Whether values stay within a range and fill it up to 5 % at either end. */
function fills(values: readonly number[], [low, high]: readonly [number, number]): boolean {
  const slack = 0.05 * (high - low);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least >= low && most <= high && least < low + slack && most > high - slack;
}

describe('drawSlotConfig', () => {
  it('gives a delay spread to the profiles that are scaled by one, and to no other', () => {
    const fixed = scenarioOf({ profiles: ['TDL-C300'] });
    const { channel } = drawSlotConfig(fixed, { ...RECEIVER, nPrb: 1 }, Random.fromSeed(2));
    expect(channel).not.toHaveProperty('delaySpreadSeconds');
    expect(drawBatch(fixed, { ...RECEIVER, batch: 2 }, Random.fromSeed(2)).batch).toBe(2);
    const scaled = drawSlotConfig(
      scenarioOf({ profiles: ['TDL-C'] }),
      { ...RECEIVER, nPrb: 1 },
      Random.fromSeed(2),
    );
    expect(scaled.channel).toHaveProperty('delaySpreadSeconds');
  });

  const scenario = scenarioOf({ profiles: ['TDL-A', 'TDL-D'], dopplerHz: [50, 150], snrDb: [2, 6] });
  const random = Random.fromSeed(1);
  const drawn = Array.from({ length: 400 }, () => drawSlotConfig(scenario, { ...RECEIVER, nPrb: 4 }, random));
  const channels = drawn.map(({ channel }) => channel as Required<TdlConfig>);

  it('stays within the ranges and reaches into their corners', () => {
    // 400 uniform draws leave the outer 5 % empty once in 10⁹ seeds.
    const spread = channels.map(({ delaySpreadSeconds }) => Math.log(delaySpreadSeconds * 1e9));
    expect(
      fills(
        drawn.map(({ snrDb }) => snrDb),
        [2, 6],
      ),
    ).toBe(true);
    expect(
      fills(
        channels.map(({ dopplerHz }) => dopplerHz),
        [50, 150],
      ),
    ).toBe(true);
    expect(fills(spread, [Math.log(10), Math.log(300)])).toBe(true);
    expect(
      fills(
        drawn.map(({ snrDb }) => snrDb),
        [2, 7],
      ),
    ).toBe(false);
    expect(
      fills(
        drawn.map(({ snrDb }) => snrDb),
        [3, 6],
      ),
    ).toBe(false);
  });

  it('uses every profile, every DMRS set and every CDM reservation', () => {
    expect(new Set(channels.map(({ profile }) => profile))).toEqual(new Set(['TDL-A', 'TDL-D']));
    expect(new Set(drawn.map(({ dmrs }) => dmrs.symbolPositions.join()))).toEqual(new Set(['2', '2,11']));
    expect(new Set(drawn.map(({ dmrs }) => dmrs.cdmGroupsWithoutData))).toEqual(new Set([1, 2]));
  });
});

function drawDmrsConfigs(data: object, n: number): DmrsConfig[] {
  const random = Random.fromSeed(9);
  return Array.from(
    { length: n },
    () => drawSlotConfig(scenarioOf(data), { ...RECEIVER, nPrb: 1 }, random).dmrs,
  );
}

describe('DMRS types', () => {
  it('are drawn with the CDM groups that each has', () => {
    const drawn = drawDmrsConfigs({ dmrsTypes: [1, 2], cdmGroupsWithoutData: [1, 2, 3] }, 200);
    const kinds = new Set(drawn.map((dmrs) => `${dmrs.configType}/${dmrs.cdmGroupsWithoutData}`));
    expect(kinds).toEqual(new Set(['1/1', '1/2', '2/1', '2/2', '2/3']));
  });

  it('take no draw when there is but one: the slots are those of a scenario without the key', () => {
    // As drawn before there was a choice of types.
    const plain = drawDmrsConfigs({}, 3);
    expect(plain.map(({ nId, slot }) => [nId, slot])).toEqual([
      [15535, 17],
      [16477, 12],
      [21370, 0],
    ]);
    expect(drawDmrsConfigs({ dmrsTypes: [2] }, 3)).toEqual(plain.map((dmrs) => ({ ...dmrs, configType: 2 })));
  });
});

describe('drawBatch', () => {
  const scenario = scenarioOf({ nPrb: [1, 2] });
  const draw = (seed: number) => drawBatch(scenario, { ...RECEIVER, batch: 3 }, Random.fromSeed(seed));

  it('follows from the generator alone', () => {
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5).rxGrid).not.toEqual(draw(6).rxGrid);
  });

  it('uses every width of the scenario, one for a batch', () => {
    expect(new Set(Array.from({ length: 20 }, (_, seed) => draw(seed).nSc))).toEqual(new Set([12, 24]));
  });

  it('has signs at data elements only, one for each bit', () => {
    const batch = draw(2);
    const plane = batch.nSym * batch.nSc;
    const qm = bitsPerSymbol('16QAM');
    expect(batch.rxGrid.length).toBe(3 * 4 * plane);
    expect(batch.dmrs.length).toBe(3 * 2 * plane);
    expect(batch.bitSigns.length).toBe(3 * qm * plane);
    batch.bitSigns.forEach((sign, i) => {
      const weight = at(batch.weights, Math.floor(i / (qm * plane)) * plane + (i % plane));
      if (Math.abs(sign) !== weight) throw new Error(`sign ${sign} beside weight ${weight}`);
    });
    expect(batch.bits).toBe(batch.weights.reduce((sum, w) => sum + w, 0) * qm);
    // No data where pilots are.
    batch.dmrs.forEach((pilot, i) => {
      const re = Math.floor(i / (2 * plane)) * plane + (i % plane);
      if (pilot !== 0 && batch.weights[re] !== 0) throw new Error(`data on a pilot at ${re}`);
    });
  });
});
