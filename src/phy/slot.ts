/** One simulated slot: random bits ▸ QAM ▸ grid with DMRS ▸ channel ▸ noise. */
import { invalid } from '../errors.js';
import { type DmrsConfig, dmrsGrid } from '../nr/dmrs.js';
import { bitsPerSymbol, type Modulation, modulate } from '../nr/qam.js';
import { codewordOrder, dataMask } from '../nr/resource-map.js';
import { requireInteger, SUBCARRIERS_PER_RB } from '../nr/shape.js';
import { type ChannelConfig, type ChannelGeometry, drawChannel } from './channel.js';
import { type ChannelStatistics, channelStatistics } from './channel-statistics.js';
import { addNoise, noiseVarianceOf } from './noise.js';
import type { Random } from './random.js';

export interface SlotConfig {
  readonly modulation: Modulation;
  readonly nRx: number;
  readonly nPrb: number;
  /** OFDM symbols of the grid. Default 14. */
  readonly nSym?: number;
  /** Average received signal energy per data RE per antenna over N0, dB. */
  readonly snrDb: number;
  readonly channel: ChannelConfig;
  readonly dmrs: DmrsConfig;
  /** Default 30 kHz. */
  readonly subcarrierSpacingHz?: number;
}

/** What a receiver sees of a slot. */
export interface ReceivedSlot {
  readonly shape: { readonly nRx: number; readonly nSym: number; readonly nSc: number };
  /** `[2·nRx, nSym, nSc]` */
  readonly rxGrid: Float32Array<ArrayBuffer>;
  /** Transmitted pilots, `[2, nSym, nSc]`, zero where there is none. */
  readonly dmrs: Float32Array<ArrayBuffer>;
  /** `[nSym, nSc]`, 1 = data RE. */
  readonly dataMask: Uint8Array<ArrayBuffer>;
  /** N0: variance of the complex noise per RE and antenna. */
  readonly noiseVariance: number;
  readonly modulation: Modulation;
}

export interface Slot extends ReceivedSlot {
  /** `[G]` in codeword order. */
  readonly bits: Uint8Array<ArrayBuffer>;
  /** True channel gains, `[2·nRx, nSym, nSc]`. */
  readonly channel: Float32Array<ArrayBuffer>;
  readonly config: SlotConfig;
}

/** `rx = h·tx` at every antenna; `tx` is `[2, nSym, nSc]`, `channel` and the result `[2·nRx, nSym, nSc]`. */
function applyChannel(channel: Float32Array, tx: Float32Array): Float32Array<ArrayBuffer> {
  const plane = tx.length / 2;
  const rx = new Float32Array(channel.length);
  for (let base = 0; base < channel.length; base += 2 * plane) {
    for (let re = 0; re < plane; re++) {
      const hr = channel[base + re] as number;
      const hi = channel[base + plane + re] as number;
      const xr = tx[re] as number;
      const xi = tx[plane + re] as number;
      rx[base + re] = hr * xr - hi * xi;
      rx[base + plane + re] = hr * xi + hi * xr;
    }
  }
  return rx;
}

/** Pilots plus data symbols in codeword order: the transmitted grid `[2, nSym, nSc]`. */
function transmitGrid(dmrs: Float32Array, order: Int32Array, symbols: Float32Array): Float32Array {
  const grid = Float32Array.from(dmrs);
  const plane = grid.length / 2;
  const n = order.length;
  for (let i = 0; i < n; i++) {
    const re = order[i] as number;
    grid[re] = symbols[i] as number;
    grid[plane + re] = symbols[n + i] as number;
  }
  return grid;
}

/** What of a slot follows from its configuration: shape, pilots, data REs. */
function resourceMap(config: SlotConfig) {
  const { nRx, nPrb, nSym = 14 } = config;
  requireInteger('nRx', nRx, 1, 64);
  requireInteger('nPrb', nPrb, 1, 273);
  const shape = { nRx, nSym, nSc: nPrb * SUBCARRIERS_PER_RB };
  const dmrs = dmrsGrid(config.dmrs, shape);
  const mask = dataMask(dmrs, shape, config.dmrs);
  const order = codewordOrder(mask);
  if (order.length === 0) {
    const { symbolPositions: symbols, cdmGroupsWithoutData: groups } = config.dmrs;
    const received = `none with DMRS in symbols ${symbols.join(', ')} and ${groups} CDM groups without data`;
    throw invalid('dmrs', 'resource elements left for data', received);
  }
  return { shape, dmrs, mask, order };
}

function channelGeometry(config: SlotConfig, shape: ReceivedSlot['shape']): ChannelGeometry {
  const { subcarrierSpacingHz = 30e3, dmrs } = config;
  return { ...shape, subcarrierSpacingHz, cyclicPrefix: dmrs.symbolsPerSlot === 12 ? 'extended' : 'normal' };
}

/** The statistics that the slot's channel was drawn from: more than a receiver would know. */
export function slotStatistics({ config, shape }: Pick<Slot, 'config' | 'shape'>): ChannelStatistics {
  return channelStatistics(config.channel, channelGeometry(config, shape));
}

/** Data REs of a slot: G is this times Qm. */
export function dataReCount(config: SlotConfig): number {
  return resourceMap(config).order.length;
}

/**
 * Simulates one slot. The result is a function of the arguments and of the generator's state; channel and
 * noise are the same for any `bits`.
 * @param bits `[G]` in codeword order, one a byte. Random when left out.
 * @throws INVALID_ARGUMENT that names the field that does not fit.
 */
export function simulateSlot(config: SlotConfig, rng: Random, bits?: Uint8Array<ArrayBuffer>): Slot {
  const { modulation, snrDb } = config;
  if (!Number.isFinite(snrDb)) throw invalid('snrDb', 'a finite number', String(snrDb));
  const { shape, dmrs, mask, order } = resourceMap(config);
  const drawn = rng.bits(order.length * bitsPerSymbol(modulation));
  const sent = bits ?? drawn;
  if (sent.length !== drawn.length) throw invalid('bits', `${drawn.length} bits`, `${sent.length} bits`);
  const tx = transmitGrid(dmrs, order, modulate(sent, modulation));
  const channel = drawChannel(config.channel, channelGeometry(config, shape), rng);
  const rxGrid = applyChannel(channel, tx);
  const noiseVariance = noiseVarianceOf(snrDb);
  addNoise(rxGrid, noiseVariance, rng);
  return { shape, rxGrid, dmrs, dataMask: mask, bits: sent, channel, noiseVariance, modulation, config };
}
