import { afterAll, beforeAll, describe, it } from 'vitest';
import { renderChart } from '#chart/render.js';
import type { Figure } from '#report/figure.js';
import { channelGroup } from '#report/receiver/channel-figures.js';
import { constellationGroup } from '#report/receiver/constellation.js';
import { errorGroup } from '#report/receiver/errors.js';
import { llrGroup } from '#report/receiver/llrs.js';
import type { FigureGroup } from '#report/section.js';
import { type Subject, openSubject } from '#report/subject.js';
import { bitErrors } from '#phy/metrics.js';
import { slotConfig } from '../../phy/helpers/slots.js';
import { at, expect } from '../../support/matchers.js';

const { modulation: _, nRx: __, ...config } = slotConfig({ snrDb: 8, nPrb: 2 });
let subject: Subject;

beforeAll(async () => {
  const model = 'models/spikingrx-16qam-2rx/1/model.onnx';
  subject = await openSubject(model, { kind: 'simulated', config, seed: 3 });
});
afterAll(() => subject.release());

async function draw(group: FigureGroup, about: Subject = subject): Promise<readonly Figure[]> {
  const figures = await group.draw(about, () => {});
  for (const { frames, size } of figures)
    expect(renderChart(at(frames, 0).option, { size })).toContain('<svg');
  return figures;
}

/** The same slot as if nobody knew what was sent, and how the channel was. */
function withoutTruth(): Subject {
  const { received, origin } = subject.slot;
  return { ...subject, slot: { received, origin } };
}

function column({ data }: Figure, name: string): number[] {
  const index = data.columns.indexOf(name);
  return data.rows.map((row) => row[index] as number);
}

describe('LLRs of a slot', () => {
  it('are all in the map’s table, a row for each data RE', async () => {
    const [map] = (await draw(llrGroup)) as [Figure];
    expect(map.data.columns).toEqual(['ofdm_symbol', 'subcarrier', 'llr_b0', 'llr_b1', 'llr_b2', 'llr_b3']);
    const llrs = map.data.rows.flatMap((row) => row.slice(2)) as number[];
    expect(llrs).toBeAllClose(subject.llrs, { absolute: 0, relative: 1e-6 });
    expect(at(map.data.rows, 0).slice(0, 2)).toEqual([0, 0]);
    expect(column(map, 'ofdm_symbol')).not.toContain(2);
  });

  it('are counted by bit and by what was sent, where that is known', async () => {
    const [, histogram] = (await draw(llrGroup)) as [Figure, Figure];
    const counted = column(histogram, 'count').reduce((sum, count) => sum + count, 0);
    expect(counted).toBeGreaterThan(0.99 * subject.llrs.length);
    expect(counted).toBeLessThanOrEqual(subject.llrs.length);
    const [, all] = (await draw(llrGroup, withoutTruth())) as [Figure, Figure];
    expect([...new Set(all.data.rows.map((row) => row[1]))]).toEqual(['all bits']);
  });
});

describe('wrong bits of a slot', () => {
  it('are those of each receiver', async () => {
    const [map] = (await draw(errorGroup)) as [Figure];
    const wrong = column(map, 'wrong_bits: SpikingRx').reduce((sum, count) => sum + count, 0);
    expect(wrong).toBe(bitErrors(subject.llrs, subject.slot.bits as Uint8Array));
    expect(map.data.columns.slice(2)).toEqual([
      'wrong_bits: SpikingRx',
      'wrong_bits: LS + LMMSE',
      'wrong_bits: LMMSE + LMMSE',
      'wrong_bits: perfect CSI',
    ]);
  });

  it('are not shown where nobody knows what was sent', async () => {
    expect(await draw(errorGroup, withoutTruth())).toEqual([]);
  });
});

describe('channel and constellation', () => {
  it('stand beside the truth', async () => {
    const [maps, lines] = (await draw(channelGroup)) as [Figure, Figure];
    const { channel, dataMask } = subject.slot.simulated ?? { channel: [0], dataMask: [] };
    expect(column(maps, 'magnitude: true channel')[0]).toBeCloseTo(
      Math.hypot(at(channel, 0), at(channel, dataMask.length)),
      5,
    );
    // Symbols 2 and 11 have pilots: 6 and 7 are the farthest between, and no symbol outside is farther.
    expect(lines.title).toBe('Channel magnitude in OFDM symbol 6');
    const truth = column(maps, 'magnitude: true channel');
    const estimate = column(maps, 'magnitude: features of SpikingRx, ±2 SC');
    const error = truth.reduce((sum, h, i) => sum + (h - at(estimate, i)) ** 2, 0);
    expect(error).toBeLessThan(0.2 * truth.reduce((sum, h) => sum + h * h, 0));
    const [constellation] = (await draw(constellationGroup)) as [Figure];
    expect(constellation.data.rows.length).toBe((subject.slot.bits?.length as number) / 4);
  });

  it('come down to what can be known of a dump', async () => {
    const [maps] = (await draw(channelGroup, withoutTruth())) as [Figure];
    expect(maps.data.columns.slice(3)).toEqual([
      'magnitude: LS, interpolated',
      'magnitude: features of SpikingRx, ±2 SC',
      'magnitude: features of SpikingRx, ±11 SC',
    ]);
    const [constellation] = (await draw(constellationGroup, withoutTruth())) as [Figure];
    expect(constellation.data.columns).not.toContain('wrong_bits');
    expect(constellation.caption).not.toMatch(/perfect CSI|EVM|wrong bit/);
  });
});
