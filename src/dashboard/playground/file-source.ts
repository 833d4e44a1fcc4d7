/** Files as the source of slots: which were dropped, what is in them, and what is wrong. */
import { computed, effect, signal } from '@preact/signals';
import { SpikingRxError } from '../../errors.js';
import { numberInput } from '../ui/inputs.js';
import { type DroppedFile, type FileKind, kindOf, MOST_FILE_BYTES } from './dropped-files.js';
import { RawForm } from './raw-form.js';
import type { Receiver } from './setup.js';
import type { PlayWorker } from './worker-client.js';
import type { FileFacts } from './worker-messages.js';

export class FileSource {
  readonly raw = new RawForm();
  readonly facts = signal<FileFacts | undefined>(undefined);
  readonly error = signal<string | undefined>(undefined);
  readonly names = signal<readonly string[]>([]);
  /** Which slot, from 1. */
  readonly number = numberInput(1, { min: 1, isInteger: true });
  readonly #dropped = signal<readonly DroppedFile[]>([]);
  /** Counts what was opened: slots of the same number are others in other files. */
  readonly #opened = signal(0);

  readonly kind = computed<FileKind | undefined>(() =>
    this.names.value.length === 0 ? undefined : kindOf(this.names.value),
  );
  readonly numberError = computed(() => {
    const count = this.facts.value?.slots.length ?? 0;
    return (this.number.value.value ?? 0) > count ? `The file has ${count} slots.` : undefined;
  });
  /** Index of the chosen slot; undefined while there is none. */
  readonly slot = computed(() => {
    void this.#opened.value;
    const number = this.number.value.value;
    if (this.facts.value === undefined || number === undefined || this.numberError.value !== undefined)
      return undefined;
    return number - 1;
  });

  constructor(private readonly worker: PlayWorker) {}

  /** What a model lacks for these slots, in words. */
  misfit({ nRx, modulation }: Receiver): string | undefined {
    const facts = this.facts.value;
    if (facts === undefined || (facts.nRx === nRx && facts.modulation === modulation)) return undefined;
    const antennas = facts.nRx === 1 ? '1 antenna' : `${facts.nRx} antennas`;
    return `These slots are ${facts.modulation} of ${antennas}: choose a model for them.`;
  }

  async drop(files: readonly File[]): Promise<void> {
    if (files.length === 0) return;
    // What was there goes at once: a later change of the fields would open it again.
    this.#dropped.value = [];
    this.facts.value = undefined;
    this.error.value = undefined;
    this.number.set(1);
    this.names.value = files.map(({ name }) => name);
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    if (bytes > MOST_FILE_BYTES) {
      this.error.value = `${Math.round(bytes / 2 ** 20)} MiB are too much for a page: at most ${MOST_FILE_BYTES / 2 ** 20} MiB. The command spikingrx infer reads larger ones.`;
      return;
    }
    try {
      this.#dropped.value = await Promise.all(
        files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
      );
    } catch {
      this.error.value = 'The files could not be read.';
    }
  }

  /** Opens what was dropped, again whenever the description of raw samples changes. @returns ends it */
  follow(receiver: () => Receiver | undefined): () => void {
    return effect(() => {
      const files = this.#dropped.value;
      if (files.length === 0) return;
      const isRaw = kindOf(files.map(({ name }) => name)) === 'raw';
      const model = isRaw ? receiver() : undefined;
      const raw = model && this.raw.format(model);
      if (!isRaw || raw !== undefined) void this.#open(files, raw);
    });
  }

  async #open(files: readonly DroppedFile[], raw?: ReturnType<RawForm['format']>): Promise<void> {
    try {
      const facts = await this.worker.ask('open', { files, ...(raw && { raw }) });
      if (files !== this.#dropped.peek()) return;
      this.#opened.value++;
      this.facts.value = facts;
      this.error.value = undefined;
    } catch (error) {
      if (files !== this.#dropped.peek()) return;
      this.facts.value = undefined;
      this.error.value =
        error instanceof SpikingRxError ? `${error.message}.` : 'The files could not be read.';
    }
  }
}
