/** Runs a model on slots and counts what its spiking layers do. */
import { createSession, type Session } from '../engine/session.js';
import { feedsOf } from '../evaluate/receivers.js';
import { tapName, withTaps } from '../onnx/taps.js';
import { readNodes } from '../onnx/model-nodes.js';
import type { ReceivedSlot } from '../phy/slot.js';
import { countInput } from './geometry.js';
import { type NetworkLayer, networkLayers } from './network.js';
import { type ActivityTally, addInput, addSpikes, type StepTally } from './tally.js';

export class ActivityMeter {
  private constructor(
    readonly layers: readonly NetworkLayer[],
    private readonly session: Session,
  ) {}

  /**
   * @param bytes a model file as `export` writes it
   * @throws FAILED_PRECONDITION when its operations cannot be counted or the runtime refuses it
   */
  static async open(bytes: Uint8Array): Promise<ActivityMeter> {
    const layers = networkLayers(readNodes(bytes));
    return new ActivityMeter(layers, await createSession(withTaps(bytes, ['input', 'spikes'])));
  }

  /** Adds the activity on one slot; nothing but the slot when the network has no spikes. */
  async measure(slot: ReceivedSlot, tally: ActivityTally): Promise<void> {
    tally.slots++;
    const wanted = this.layers.flatMap(({ name, spiking, steps }) =>
      steps.flatMap((_, t) => [
        tapName(name, t, 'spikes'),
        ...(spiking === undefined ? [] : [tapName(name, t, 'input')]),
      ]),
    );
    if (wanted.length === 0) return;
    const values = await this.session.run(feedsOf([slot]), wanted);
    const of = (name: string): Float32Array => values[name]?.data as Float32Array;
    for (const { name, spiking, steps } of this.layers)
      for (let t = 0; t < steps.length; t++) {
        const step = tally.layers.get(name)?.[t] as StepTally;
        addSpikes(step, of(tapName(name, t, 'spikes')));
        if (spiking) addInput(step, countInput(of(tapName(name, t, 'input')), spiking, slot.shape));
      }
  }

  release(): Promise<void> {
    return this.session.release();
  }
}
