import type { EnergyFlags } from '#energy/settings.js';

/** Flags as they stand when none is given, but for fewer and smaller slots and no model. */
export const FLAGS: EnergyFlags = {
  model: [],
  snr: '0,6',
  slots: '3',
  seed: '1',
  prb: '1',
  dmrs: [],
  evaluation: [],
};
