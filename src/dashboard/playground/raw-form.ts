/** The fields that say how raw samples lie in their file. */
import { computed, signal } from '@preact/signals';
import type { RawFormat } from '../../dumps/raw-iq.js';
import { DEFAULT_SCALE, type IqDatatype } from '../../iq.js';
import { SUBCARRIERS_PER_RB } from '../../nr/shape.js';
import { numberInput } from '../ui/inputs.js';
import { PilotForm, type Receiver, symbolsError } from './setup.js';

export class RawForm {
  readonly datatype = signal<IqDatatype>('cf32_le');
  readonly nSym = numberInput(14, { min: 1, max: 14, isInteger: true });
  readonly nPrb = numberInput(12, { min: 1, max: 273, isInteger: true });
  readonly nId = numberInput(1, { min: 0, max: 65_535, isInteger: true });
  readonly nScid = signal<'0' | '1'>('0');
  readonly slot = numberInput(0, { min: 0, max: 639, isInteger: true });
  readonly pilots = new PilotForm();

  /** Of the symbols, which have to lie in this grid. */
  readonly symbolsError = computed(() => symbolsError(this.pilots.symbols.value, this.nSym.value.value));

  /** For samples of a receiver; undefined while a field has something wrong. */
  format({ nRx, modulation }: Receiver): RawFormat | undefined {
    const [nSym, nPrb, nId, slot] = [this.nSym, this.nPrb, this.nId, this.slot].map(
      ({ value }) => value.value,
    );
    const pilots = this.pilots.config.value;
    if (nSym === undefined || nPrb === undefined || nId === undefined || slot === undefined) return undefined;
    if (pilots === null || this.symbolsError.value !== undefined) return undefined;
    const datatype = this.datatype.value;
    return {
      datatype,
      scale: DEFAULT_SCALE[datatype],
      shape: { nRx, nSym, nSc: nPrb * SUBCARRIERS_PER_RB },
      dmrs: { ...pilots, nId, nScid: Number(this.nScid.value) as 0 | 1, slot },
      modulation,
    };
  }
}
