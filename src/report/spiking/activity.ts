/** What happens inside the spiking layers of a report's model on its slot. */
import { type ModelNodes, readNodes } from '../../onnx/model-nodes.js';
import { findTaps, type StepValues, TAP_KINDS, type TapKind, tapName } from '../../onnx/taps.js';
import type { Subject } from '../subject.js';

/** By kind, of one time step: `input` is `[Cin, nSym, nSc]`, the others are `[C, nSym, nSc]`. */
export type StepActivity = Readonly<Record<TapKind, Float32Array>>;

export interface LayerActivity {
  /** `stem`, `block1`, `block2` … */
  readonly name: string;
  readonly channels: number;
  readonly inChannels: number;
  /** β: decay of the membrane potential in one step. Undefined with one step, where nothing decays. */
  readonly beta: number | undefined;
  /** T. */
  readonly steps: readonly StepActivity[];
}

export interface Activity {
  readonly nSym: number;
  readonly nSc: number;
  readonly timeSteps: number;
  readonly layers: readonly LayerActivity[];
}

/** β of u ← βu + i, as the file has it. */
function betaIn({ producers, initializers }: ModelNodes, [, second]: readonly StepValues[]) {
  const decayed = producers.get(second?.membrane ?? '')?.inputs[0];
  return initializers.get(producers.get(decayed ?? '')?.inputs[1] ?? '')?.floats()[0];
}

const recorded = new WeakMap<Subject, Promise<Activity | undefined>>();

/**
 * Runs the model on the slot with all taps, once for all figures.
 * @returns undefined when the model has no spiking layers
 * @throws FAILED_PRECONDITION when a spiking layer is not built as `export` writes it.
 */
export function activityOf(subject: Subject): Promise<Activity | undefined> {
  const known = recorded.get(subject) ?? record(subject);
  recorded.set(subject, known);
  return known;
}

async function record(subject: Subject): Promise<Activity | undefined> {
  const nodes = readNodes(subject.model.bytes);
  const taps = findTaps(nodes);
  if (taps.size === 0) return undefined;
  const wanted = [...taps].flatMap(([layer, steps]) =>
    steps.flatMap((values, step) =>
      TAP_KINDS.map((kind) => [tapName(layer, step, kind), values[kind]] as const),
    ),
  );
  const values = await subject.inside(new Map(wanted));
  const { nSym, nSc } = subject.slot.received.shape;
  const layers = [...taps].map(([name, steps]): LayerActivity => {
    const of = (step: number, kind: TapKind) => values.get(tapName(name, step, kind))?.data as Float32Array;
    const channelsOf = (kind: TapKind): number => of(0, kind).length / (nSym * nSc);
    return {
      name,
      channels: channelsOf('spikes'),
      inChannels: channelsOf('input'),
      beta: betaIn(nodes, steps),
      steps: steps.map((_, step) => ({
        input: of(step, 'input'),
        drive: of(step, 'drive'),
        membrane: of(step, 'membrane'),
        spikes: of(step, 'spikes'),
      })),
    };
  });
  return { nSym, nSc, timeSteps: layers[0]?.steps.length ?? 0, layers };
}
