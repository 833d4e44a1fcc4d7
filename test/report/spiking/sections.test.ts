import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderChart } from '#chart/render.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import type { Figure } from '#report/figure.js';
import { activityOf, type Activity } from '#report/spiking/activity.js';
import { type NeuronChoice, parseNeuron } from '#report/spiking/neuron-place.js';
import { spikingSections } from '#report/spiking/sections.js';
import { openSubject, type Subject } from '#report/subject.js';
import { networkConfig, trainedNetwork } from '../../support/networks.js';

const SHIPPED = 'models/spikingrx-16qam-2rx/1';
const SLOT = {
  kind: 'simulated' as const,
  seed: 9,
  config: {
    nPrb: 1,
    snrDb: 10,
    channel: { profile: 'TDL-C' as const, delaySpreadSeconds: 100e-9, dopplerHz: 50 },
    dmrs: {
      configType: 1 as const,
      symbolPositions: [2, 11],
      cdmGroupsWithoutData: 2 as const,
      nId: 1,
      nScid: 0 as const,
      slot: 0,
    },
  },
};

const directory = mkdtempSync(join(tmpdir(), 'spikingrx-spiking-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** @param only names of groups; all when left out */
async function figuresOf(
  subject: Subject,
  neuron?: NeuronChoice,
  only?: readonly string[],
): Promise<Map<string, Figure>> {
  const figures = new Map<string, Figure>();
  for (const { groups } of spikingSections(neuron))
    for (const group of groups.filter(({ name }) => only?.includes(name) ?? true))
      for (const one of await group.draw(subject, () => {})) {
        expect([...figures.keys()]).not.toContain(one.id);
        figures.set(one.id, one);
      }
  return figures;
}

function figure(figures: ReadonlyMap<string, Figure>, id: string): Figure {
  const found = figures.get(id);
  if (!found) throw new Error(`no figure ${id} among ${[...figures.keys()].join(', ')}`);
  return found;
}

describe('the figures of a shipped model', () => {
  let subject: Subject;
  let activity: Activity;
  let figures: Map<string, Figure>;
  beforeAll(async () => {
    subject = await openSubject(`${SHIPPED}/model.onnx`, SLOT);
    activity = (await activityOf(subject)) as Activity;
    figures = await figuresOf(subject, parseNeuron('block2/17/5/11'));
  });
  afterAll(() => subject.release());

  const rows = (id: string) => figure(figures, id).data.rows;

  it('are all there, each with a caption, its data, and a frame for each step where it moves', () => {
    const layers = ['stem', 'block1', 'block2', 'block3', 'block4', 'block5', 'block6'];
    const perLayer = layers.flatMap((layer) => [
      `filters-${layer}`,
      `feature-maps-${layer}`,
      `spike-maps-${layer}`,
    ]);
    const moving = [
      'membrane-potentials',
      'density-channels',
      'spike-counts',
      'spike-norm',
      'channel-variance',
    ];
    const still = ['lif-neuron', 'lif-layers', 'lif-synthetic', 'density-layers', 'spike-timing', 'raster'];
    expect([...figures.keys()].toSorted()).toEqual(
      [...perLayer, ...moving, ...still, 'sew-activity', 'sew-output'].toSorted(),
    );
    for (const { id, caption, frames, data } of figures.values()) {
      const steps = moving.includes(id) || /^(feature|spike)-maps/.test(id) ? 2 : 1;
      expect([id, frames.length, new Set(frames.map(({ label }) => label)).size]).toEqual([id, steps, steps]);
      expect(caption.length).toBeGreaterThan(100);
      expect(data.rows.length).toBeGreaterThan(0);
      expect(data.rows.filter((row) => row.length !== data.columns.length)).toEqual([]);
      expect(data.rows.flat().filter((cell) => typeof cell === 'number' && !Number.isFinite(cell))).toEqual(
        [],
      );
    }
  });

  it.each(['lif-neuron', 'spike-timing', 'sew-output', 'spike-norm', 'filters-stem', 'spike-counts'])(
    'can be drawn, and show numbers only: %s',
    (id) => {
      const { frames, size } = figure(figures, id);
      for (const { option } of frames.slice(0, 1)) {
        const svg = renderChart(option, { size });
        expect(svg).toContain(`viewBox="0 0 ${size.width} ${size.height}"`);
        // Base64 may hold any word.
        expect(svg.replaceAll(/data:[^"]*/g, '')).not.toMatch(/NaN|undefined|Infinity/);
      }
    },
  );

  it('follow the neuron that was asked for, step by step', () => {
    expect(activity.layers.map(({ beta }) => beta)).toEqual(Array(7).fill(Math.fround(0.9)));
    let potential = 0;
    for (const [where, , input, charged, rest, spike] of rows('lif-neuron')) {
      expect(where).toBe('block2, channel 17, OFDM symbol 5, subcarrier 11');
      expect(charged).toBeCloseTo(0.9 * potential + Number(input), 5);
      expect(spike).toBe(Number(charged) >= 1 ? 1 : 0);
      expect(rest).toBeCloseTo(Number(charged) - Number(spike), 12);
      potential = Number(rest);
    }
  });

  it('agree with each other about how much fires', () => {
    const neurons = 32 * 14 * 12;
    for (const [l, { name, steps }] of activity.layers.entries()) {
      const spikes = steps.map((step) => step.spikes.reduce((sum, spike) => sum + spike, 0));
      const density = rows('density-layers').filter(([layer]) => layer === name);
      expect(density.map(([, , value]) => Number(value) * neurons)).toEqual(
        spikes.map((count) => expect.closeTo(count, 6)),
      );
      const counted = rows('spike-counts').filter(([layer]) => layer === name);
      const sum = counted
        .flatMap(([, , , text]) => String(text).split(' ').map(Number))
        .reduce((a, b) => a + b);
      expect(sum).toBe(spikes.reduce((a, b) => a + b));
      const timing = (rows('spike-timing')[l] ?? []).slice(1, 4).map(Number);
      expect(timing.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      // Who fires for the first time in step 1 is who fires in step 1.
      expect(timing[0]).toBeCloseTo((spikes[0] as number) / neurons, 12);
    }
  });

  it('have the part of the potentials beyond the threshold fire', () => {
    for (const [layer, step, density] of rows('density-layers')) {
      const bins = rows('membrane-potentials').filter(([l, t]) => l === layer && t === step);
      const beyond = bins.map(
        ([, , from, to, value]) => (Number(to) - Math.max(1, Number(from))) * Number(value),
      );
      const share = beyond.filter((area) => area > 0).reduce((a, b) => a + b, 0);
      // The bin with the threshold in it, and 0.2 % beyond the last bin.
      expect(Math.abs(share - Number(density))).toBeLessThan(0.015);
    }
  });

  it('have the shortcut hand on what the blocks before put out', () => {
    const [shortcuts, outputs] = [2, 3].map(
      (column) => new Map(rows('sew-output').map((row) => [`${row[0]} ${row[1]}`, Number(row[column])])),
    ) as [Map<string, number>, Map<string, number>];
    for (const [block, before] of [2, 3, 4, 5, 6].map((n) => [n, n - 1]))
      for (const step of [1, 2])
        expect(shortcuts.get(`block${block} ${step}`)).toBeCloseTo(
          outputs.get(`block${before} ${step}`) ?? Number.NaN,
          6,
        );
  });

  it('show filters as they were trained', () => {
    expect(figure(figures, 'filters-block1').caption).toContain('before SpikeNorm is folded into them');
    expect(figure(figures, 'filters-stem').data.rows).toHaveLength(32 * 26 * 9);
  });

  it('refuse a neuron that there is none of', async () => {
    const [neurons] = spikingSections({ layer: 'block2', channel: 32, symbol: 0, subcarrier: 0 });
    await expect(neurons?.groups[0]?.draw(subject, () => {})).rejects.toThrow(
      '--neuron: expected a channel from 0 to 31, received 32',
    );
    const [others] = spikingSections({ layer: 'block9', channel: 0, symbol: 0, subcarrier: 0 });
    await expect(others?.groups[0]?.draw(subject, () => {})).rejects.toThrow(
      /one of the layers stem, block1/,
    );
    expect(() => parseNeuron('block2/1/2')).toThrow('--neuron: expected layer/channel/symbol/subcarrier');
  });
});

async function figuresOfFile(file: string, only?: readonly string[]): Promise<Map<string, Figure>> {
  const subject = await openSubject(file, SLOT);
  try {
    return await figuresOf(subject, undefined, only);
  } finally {
    await subject.release();
  }
}

describe('a model', () => {
  it('without spiking layers has its filters alone', async () => {
    const config = networkConfig({ activation: 'relu', timeSteps: 1, modulation: '16QAM' });
    const file = join(directory, 'ann.onnx');
    writeFileSync(file, encodeServiceModel(trainedNetwork(config, 5), { name: 'ann', version: '1' }));
    expect([...(await figuresOfFile(file)).keys()]).toEqual([
      'filters-stem',
      'filters-block1',
      'filters-block2',
    ]);
  });

  it.each([
    ['no checkpoint beside it', undefined],
    ['the checkpoint of another', 'models/spikingrx-16qam-1rx/1/checkpoint.bin'],
  ])('with %s shows the filters of the file, and no SpikeNorm', async (name, checkpoint) => {
    const folder = mkdtempSync(join(directory, 'model-'));
    const file = join(folder, 'model.onnx');
    writeFileSync(
      file,
      encodeServiceModel(trainedNetwork(networkConfig({ modulation: '16QAM' }), 6), { name, version: '1' }),
    );
    if (checkpoint !== undefined) copyFileSync(checkpoint, join(folder, 'checkpoint.bin'));
    const figures = await figuresOfFile(file, ['filters', 'SpikeNorm']);
    expect(figures.has('spike-norm')).toBe(false);
    expect(figure(figures, 'filters-stem').caption).toContain('no checkpoint of this model lies beside it');
  });
});
