import { describe, expect, it } from 'vitest';
import { liveliestNeuron } from '#report/spiking/choose-neuron.js';

describe('the neuron worth looking at', () => {
  it('is the one that turns on and off most often', () => {
    const spikes = [
      [1, 0, 1],
      [1, 1, 0],
      [1, 1, 1],
    ];
    expect(liveliestNeuron({ spikes, membrane: spikes })).toBe(2);
  });

  it('moves around θ at a usual distance, where others turn as often', () => {
    const spikes = [
      [0, 0, 1],
      [1, 1, 1],
    ];
    const membrane = [
      [0.2, 0.7, 1],
      [1.9, 1.3, 1],
    ];
    expect(liveliestNeuron({ spikes, membrane })).toBe(1);
    expect(liveliestNeuron({ spikes, membrane }, [2, 0])).toBe(0);
  });

  it('is none of no neurons', () => {
    expect(liveliestNeuron({ spikes: [], membrane: [] })).toBeUndefined();
  });
});
