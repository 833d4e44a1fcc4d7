import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderChart } from '#chart/render.js';
import { drawLinkSlot } from '#evaluate/link.js';
import { Random } from '#phy/random.js';
import { reliability } from '#report/receiver/calibration.js';
import { caseOf, evaluated } from '#report/receiver/evaluation.js';
import { performanceGroup } from '#report/receiver/performance.js';
import { type Subject, openSubject } from '#report/subject.js';
import { slotConfig } from '../../phy/helpers/slots.js';
import { at } from '../../support/matchers.js';

const { modulation: _, nRx: __, ...config } = slotConfig({ nPrb: 1 });
const directory = mkdtempSync(join(tmpdir(), 'spikingrx-performance-'));
let subject: Subject;

beforeAll(async () => {
  const model = 'models/spikingrx-qpsk-1rx/1/model.onnx';
  subject = await openSubject(model, { kind: 'simulated', config, seed: 3 });
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await subject.release();
});

const silent = (): void => {};

describe('receivers over SNR', () => {
  it('come from a short evaluation of slots like the one of the report', async () => {
    const figures = await performanceGroup({ slots: 2, workers: 1 }).draw(subject, silent);
    expect(figures.map(({ id }) => id)).toEqual(['bler', 'ber', 'gmi', 'calibration']);
    const { data, frames, size } = at(figures, 0);
    const names = new Set(data.rows.map((row) => row[data.columns.indexOf('receiver')]));
    expect([...names]).toEqual(['SpikingRx', 'LS + LMMSE', 'LMMSE + LMMSE', 'perfect CSI']);
    expect(new Set(data.rows.map((row) => row[data.columns.indexOf('snr_db')])).size).toBe(7);
    const svg = renderChart(at(frames, 0).option, { size });
    expect(svg).toContain('TDL-A, 100 ns, 100 Hz, DMRS 2, 11');
    expect(svg).toContain('2 slots for each SNR');
  });

  it('come from results where they are given, but not from those of another model', async () => {
    const other = { kind: 'model', name: 'SpikingRx', sha256: 'ab' };
    writeFileSync(join(directory, 'configuration.json'), JSON.stringify({ receivers: [other] }));
    const points = [3, 6].map((snrDb) => ({ case: 'all', snrDb, slots: 2 * snrDb, receivers: [] }));
    writeFileSync(join(directory, 'points.json'), JSON.stringify(points));
    const read = () => evaluated(subject, { results: directory, slots: 0, workers: 1 }, silent);
    await expect(read()).rejects.toThrow(
      `expected one of spikingrx-qpsk-1rx/1 with SHA-256 ${subject.model.sha256}, received another`,
    );
    const own = { ...other, sha256: subject.model.sha256 };
    writeFileSync(join(directory, 'configuration.json'), JSON.stringify({ receivers: [own] }));
    expect(await read()).toEqual({ points, caption: 'QPSK, 1 Rx, 6 to 12 slots for each SNR' });
  });

  it('are left out when nobody wants an evaluation', async () => {
    expect(await performanceGroup({ slots: 0, workers: 1 }).draw(subject, silent)).toEqual([]);
  });
});

describe('the case of a report', () => {
  it('draws slots of the configuration of its own', () => {
    const evaluation = caseOf(subject);
    const link = { modulation: 'QPSK' as const, nRx: 1 };
    const { slot } = drawLinkSlot(evaluation, 4, link, Random.fromSeed(1));
    const own = slotConfig({ nRx: 1, nPrb: 1, snrDb: 4 });
    // The sequence of the DMRS is drawn, and delay spreads are drawn in their logarithm, which rounds.
    const { configType, symbolPositions, cdmGroupsWithoutData } = own.dmrs;
    const dmrs = { configType, symbolPositions, cdmGroupsWithoutData };
    const channel = { profile: 'TDL-A', dopplerHz: 100, delaySpreadSeconds: expect.closeTo(1e-7, 12) };
    expect(slot.config).toMatchObject({ ...own, dmrs, channel });
  });

  it('has the width of a model that takes no other, and no great one else', () => {
    const { model, slot } = subject;
    const fixed = { ...subject, model: { ...model, contract: { ...model.contract, nSc: 36 } } };
    expect(caseOf(fixed).scenario.nPrb).toEqual([3]);
    const received = { ...slot.received, shape: { ...slot.received.shape, nSc: 600 } };
    expect(caseOf({ ...subject, slot: { ...slot, received } }).scenario.nPrb).toEqual([8]);
  });

  it('is the training’s scenario for a dump', () => {
    const { received, origin } = subject.slot;
    const dump = { ...subject, slot: { received, origin } };
    expect(caseOf(dump).scenario).toEqual(subject.model.training?.data);
  });
});

describe('calibration', () => {
  it('places a bin at the LLR that promises what its LLRs do', () => {
    const bins = [
      { from: 0, to: 1, bits: 1000, errors: 420, expectedErrors: 400 },
      { from: 1, to: 2, bits: 0, errors: 0, expectedErrors: 0 },
      { from: 2, to: 3, bits: 100, errors: 0, expectedErrors: 10 },
    ];
    const [first, second, ...none] = reliability(bins);
    expect(none).toEqual([]);
    expect(first).toMatchObject({ promised: 0.4, observed: 0.42 });
    // ln(0.6/0.4) and ln(0.9/0.1).
    expect(first?.llr).toBeCloseTo(0.405465, 6);
    expect(second?.llr).toBeCloseTo(2.197225, 6);
    expect(second?.interval[0]).toBe(0);
    // Wilson's upper end without errors: z²/(n + z²).
    expect(second?.interval[1]).toBeCloseTo(3.841459 / 103.841459, 6);
  });
});
