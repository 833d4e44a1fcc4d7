/** Where the bits are that receivers decide wrongly. */
import { sequentialScale } from '../../chart/colour-maps.js';
import { bitsPerSymbol } from '../../nr/qam.js';
import { codewordOrder } from '../../nr/resource-map.js';
import type { Figure } from '../figure.js';
import type { FigureGroup } from '../section.js';
import type { Subject } from '../subject.js';
import { gridMaps, onGrid } from './grid-maps.js';
import { comparedLlrs, percent, wrongBits } from './receivers.js';

export const errorGroup: FigureGroup = {
  name: 'wrong bits of the slot',
  draw: async (subject) => {
    const { bits } = subject.slot;
    return bits === undefined ? [] : [await errorMap(subject, bits)];
  },
};

/** Wrong bits of each symbol. @param wrong `[G]`, 0 or 1 @returns `[G/Qm]` */
export function errorsPerSymbol(wrong: Uint8Array, qm: number): Uint8Array {
  const errors = new Uint8Array(wrong.length / qm);
  wrong.forEach((one, i) => {
    const symbol = Math.floor(i / qm);
    errors[symbol] = (errors[symbol] as number) + one;
  });
  return errors;
}

async function errorMap(subject: Subject, bits: Uint8Array): Promise<Figure> {
  const { model, slot } = subject;
  const { shape, dataMask } = slot.received;
  const qm = bitsPerSymbol(model.modulation);
  const order = codewordOrder(dataMask);
  const receivers = (await comparedLlrs(subject)).map(({ name, llrs }) => {
    const errors = errorsPerSymbol(wrongBits(llrs, bits), qm);
    return { name, errors, total: errors.reduce((sum, count) => sum + count, 0) };
  });
  const drawn = gridMaps({
    title: 'Wrong bits over the resource grid',
    subtitle: `${bits.length} bits; ${slot.origin}, ${slot.received.snrDb.toFixed(1)} dB`,
    maps: receivers.map(({ name, errors, total }) => ({
      title: `${name}: ${total} wrong (${percent(total / bits.length)})`,
      values: onGrid(errors, order, dataMask.length),
    })),
    shape,
    scale: { ...sequentialScale('wrong bits of a symbol', [], { min: 0, max: qm }), step: 1 },
  });
  return {
    id: 'error-positions',
    title: 'Wrong bits over the resource grid',
    caption:
      'A map for each receiver of the same slot, before decoding: the number of wrong bits in each QAM symbol. ' +
      'Dark is right. Errors that all receivers share lie in fades or are the noise’s; those that only one makes are ' +
      'its own. Errors in blocks are harder for a code than the same number strewn about. A receiver whose errors ' +
      'gather far from the DMRS follows the channel badly.' +
      (slot.simulated === undefined
        ? ''
        : ' Perfect CSI knows the channel: no receiver does better in the mean.'),
    size: drawn.size,
    frames: [{ label: 'wrong bits', option: drawn.option }],
    data: {
      columns: ['ofdm_symbol', 'subcarrier', ...receivers.map(({ name }) => `wrong_bits: ${name}`)],
      rows: [...order].map((re, i) => [
        Math.floor(re / shape.nSc),
        re % shape.nSc,
        ...receivers.map(({ errors }) => errors[i] as number),
      ]),
    },
  };
}
