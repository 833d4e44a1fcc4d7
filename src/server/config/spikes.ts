import { Type } from 'typebox';
import { integer } from './kinds.js';

/** What happens inside the spiking layers, for those who ask. */
export const spikesSettings = {
  spikes: Type.Boolean({
    description: 'Show the spikes inside a model to those who ask (POST /v1/spikes)',
    default: true,
  }),
  spikesIdleMs: integer('So long after the last request for spikes their worker ends', {
    default: 60_000,
    minimum: 1,
    maximum: 86_400_000,
  }),
  spikesMaxPrb: integer(
    'Widest grid whose spikes are shown, in resource blocks; bounds the memory it takes',
    {
      default: 106,
      minimum: 1,
      maximum: 273,
    },
  ),
  spikesMaxBytes: integer('Most bytes of the spikes of one answer, before base64', {
    default: 16 * 2 ** 20,
    minimum: 1,
    maximum: 2 ** 28,
  }),
};
