import type { Random } from './random.js';
import { type TdlConfig, tdlChannel } from './tdl/channel.js';

/**
 * What stands between transmitter and receiver: a TDL; `awgn` (gain 1 at every antenna); `rayleigh` (flat,
 * one gain per antenna and slot); `rayleigh-iid` (an independent gain for each RE and antenna: ideal
 * interleaving, for comparison with closed forms; pilots say nothing about their neighbours).
 */
export type ChannelConfig = TdlConfig | 'awgn' | 'rayleigh' | 'rayleigh-iid';

export interface ChannelGeometry {
  readonly nRx: number;
  readonly nSym: number;
  readonly nSc: number;
  readonly subcarrierSpacingHz: number;
  readonly cyclicPrefix: 'normal' | 'extended';
}

/** Draws one slot of channel gains, `[2·nRx, nSym, nSc]` float32, unit mean power. */
export function drawChannel(
  config: ChannelConfig,
  geometry: ChannelGeometry,
  rng: Random,
): Float32Array<ArrayBuffer> {
  if (typeof config === 'object') return tdlChannel({ ...config, ...geometry, rng });
  const plane = geometry.nSym * geometry.nSc;
  const gains = new Float32Array(2 * geometry.nRx * plane);
  if (config === 'rayleigh-iid') {
    for (let i = 0; i < gains.length; i++) gains[i] = Math.SQRT1_2 * rng.normal();
    return gains;
  }
  for (let row = 0; row < 2 * geometry.nRx; row++) {
    const awgn = row % 2 === 0 ? 1 : 0;
    gains.fill(config === 'awgn' ? awgn : Math.SQRT1_2 * rng.normal(), row * plane, (row + 1) * plane);
  }
  return gains;
}
