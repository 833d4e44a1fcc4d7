/** How much fires: by layer, channel and time step. */
import { colourBar, heatMap } from '../../chart/heat-map.js';
import { sequentialScale } from '../../chart/colour-maps.js';
import type { Place } from '../../chart/plots.js';
import type { Figure } from '../figure.js';
import type { Activity } from './activity.js';
import { multiples } from '../../chart/multiples.js';
import { densityByChannels, densityBySteps } from './spike-trains.js';

/** Pixels. */
const ROW = 34;

/** From 1. */
function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i + 1));
}

export function layerDensityFigure({ layers, timeSteps }: Activity): Figure {
  const densities = layers.map(({ steps }) => densityBySteps(steps.map(({ spikes }) => spikes)));
  const plane = { rows: layers.length, columns: timeSteps, values: densities.flat() };
  const scale = sequentialScale('spikes per neuron', plane.values, { min: 0 });
  const { places, size, chart } = multiples({
    title: 'Spike density by layer and time step',
    subtitle: 'share of the neurons that fire in a step',
    count: 1,
    across: 1,
    height: ROW * layers.length,
    width: Math.min(860, 320 + 90 * timeSteps),
    margin: { left: 84, right: 104 },
  });
  const [place] = places as [Place];
  const map = heatMap({
    place,
    plane,
    scale,
    x: { name: 'time step', labels: numbered(timeSteps) },
    y: { name: '', labels: layers.map(({ name }) => name) },
    format: (value) => value.toFixed(3),
  });
  return {
    id: 'density-layers',
    title: 'Spike density by layer and time step',
    caption:
      'Each cell is the share of a layer’s neurons (channels × resource elements) that fire in a step. Some 5 to 30 % is ' +
      'usual; a layer near 0 is dead and passes on nothing but its shortcut, one near 1 fires whatever comes in. The fewer ' +
      'spikes, the fewer accumulations the next layer costs.',
    size,
    frames: [{ label: '', option: chart([map, colourBar(scale, place)]) }],
    data: {
      columns: ['layer', 'time_step', 'spikes_per_neuron'],
      rows: layers.flatMap(({ name }, l) =>
        (densities[l] as number[]).map((density, t) => [name, t + 1, density]),
      ),
    },
  };
}

/** A row for each layer, a column for each channel; layers with fewer channels end earlier. */
export function channelDensityFigure({ layers, timeSteps }: Activity): Figure {
  const columns = Math.max(...layers.map(({ channels }) => channels));
  const bySteps = Array.from({ length: timeSteps }, (_, t) =>
    layers.map(({ steps, channels }) => densityByChannels(steps[t]?.spikes ?? [], channels)),
  );
  const scale = sequentialScale('spikes per neuron', bySteps.flat(2), { min: 0 });
  const { places, size, chart } = multiples({
    title: 'Spike density by channel',
    subtitle: 'share of the resource elements at which a channel fires in a step',
    count: 1,
    across: 1,
    height: Math.max(140, 26 * layers.length),
    margin: { left: 84, right: 104 },
  });
  const [place] = places as [Place];
  const frames = bySteps.map((densities, t) => {
    const values = densities.flatMap((row) => [...row, ...Array(columns - row.length).fill(Number.NaN)]);
    const map = heatMap({
      place,
      plane: { rows: layers.length, columns, values },
      scale,
      x: { name: 'channel' },
      y: { name: '', labels: layers.map(({ name }) => name) },
      title: stepLabel(t, timeSteps),
    });
    return { label: stepLabel(t, timeSteps), option: chart([map, colourBar(scale, place)]) };
  });
  return {
    id: 'density-channels',
    title: 'Spike density by channel',
    caption:
      'Each cell is a channel of a layer: the share of the resource elements at which it fires in this time step. Channels ' +
      'differ on purpose, each answers to its own pattern; a cell that stays dark in all steps and slots is a dead ' +
      'channel, one that stays bright carries no information.',
    size,
    frames,
    data: {
      columns: ['layer', 'time_step', 'channel', 'spikes_per_neuron'],
      rows: layers.flatMap(({ name }, l) =>
        bySteps.flatMap((densities, t) =>
          (densities[l] as number[]).map((density, c) => [name, t + 1, c, density]),
        ),
      ),
    },
  };
}

/** @param step from 0 */
export function stepLabel(step: number, timeSteps: number): string {
  return `step ${step + 1} of ${timeSteps}`;
}
