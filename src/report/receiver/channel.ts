/** The channel as estimates have it, beside the true one. */
import { findChannelTaps } from '../../nn/channel-taps.js';
import { readNodes } from '../../onnx/model-nodes.js';
import { lmmseChannel } from '../../phy/receivers/lmmse-channel.js';
import { lsChannel } from '../../phy/receivers/ls-channel.js';
import { slotStatistics } from '../../phy/slot.js';
import type { Subject } from '../subject.js';

export interface NamedChannel {
  readonly name: string;
  /** `[2·nRx, nSym, nSc]`, for transmitted symbols of unit energy. */
  readonly channel: Float32Array;
  /** σ_e² per antenna, `[nSym, nSc]`, where the estimator says. */
  readonly errorVariance?: Float32Array;
  /** `network`: read from inside the model. */
  readonly kind: 'true' | 'conventional' | 'network';
}

/** RMS of the complex samples: the network scales the grid to 1. @param rxGrid `[2·nRx, nSym, nSc]` */
export function gridRms(rxGrid: Float32Array): number {
  return Math.sqrt((2 * rxGrid.reduce((sum, x) => sum + x * x, 0)) / rxGrid.length);
}

/** Magnitudes of one antenna. @param channel `[2·nRx, nSym, nSc]` @returns `[nSym, nSc]` */
export function magnitudes(channel: Float32Array, antenna: number, size: number): Float32Array {
  const start = 2 * antenna * size;
  return Float32Array.from({ length: size }, (_, re) =>
    Math.hypot(channel[start + re] as number, channel[start + size + re] as number),
  );
}

/** Σ|ĥ − h|² / Σ|h|² over all antennas and REs, dB. */
export function relativeErrorDb(estimate: Float32Array, truth: Float32Array): number {
  let [error, power] = [0, 0];
  truth.forEach((h, i) => {
    error += ((estimate[i] as number) - h) ** 2;
    power += h * h;
  });
  return 10 * Math.log10(error / power);
}

/**
 * The network's own estimates, among its features; none in a foreign model.
 * @returns in the scale of the received grid, which the network does not know
 */
async function networkChannels({ model, slot, inside }: Subject): Promise<NamedChannel[]> {
  const taps = findChannelTaps(readNodes(model.bytes));
  if (taps.length === 0) return [];
  const named = taps.map(({ halfWidth, value }) => ({
    value,
    name: `features of SpikingRx, ±${halfWidth - 1} SC`,
  }));
  const values = await inside(new Map(named.map(({ name, value }) => [name, value])));
  const rms = gridRms(slot.received.rxGrid);
  return named.map(({ name }) => {
    const scaled = values.get(name)?.data as Float32Array;
    return { name, channel: scaled.map((h) => h * rms), kind: 'network' };
  });
}

/** The true channel where it is known, the conventional estimates, and the network's own. */
export async function channelsOf(subject: Subject): Promise<NamedChannel[]> {
  const { simulated, received } = subject.slot;
  const own = await networkChannels(subject);
  if (simulated === undefined)
    return [{ name: 'LS, interpolated', ...lsChannel(received), kind: 'conventional' }, ...own];
  const statistics = slotStatistics(simulated);
  return [
    { name: 'true channel', channel: simulated.channel, kind: 'true' },
    { name: 'LS, interpolated', ...lsChannel(simulated, { statistics }), kind: 'conventional' },
    { name: 'LMMSE', ...lmmseChannel(simulated, statistics), kind: 'conventional' },
    ...own,
  ];
}
