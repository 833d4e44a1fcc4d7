/** The playground's state, which outlives its view: what was asked, what came back, what was counted. */
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { bitErrors } from '../../phy/metrics.js';
import { SpikingRxError } from '../../errors.js';
import { ApiError } from '../api/client.js';
import { service } from '../live/store.js';
import { FileSource } from './file-source.js';
import { LatestWork } from './latest.js';
import { type Answer, askModel, askSpikes, gridModels, type ModelOption } from './requests.js';
import { conditionsOf, MOST_SEED, type Setup, SetupForm } from './setup.js';
import type { PlaySlot } from './slots.js';
import type { SlotSpikes } from './spikes.js';
import { ErrorTally, type SlotErrors } from './tally.js';
import { PlayWorker } from './worker-client.js';

/** A slot and what every receiver made of it: all of one moment. */
export interface Result {
  readonly slot: PlaySlot;
  readonly answer: Answer;
  /** The model's LLRs first, then the others', with what was wrong of each where the bits are known. */
  readonly receivers: readonly [ReceiverResult, ...ReceiverResult[]];
  readonly roundTripMs: number;
}

export interface ReceiverResult {
  readonly id: string;
  readonly label: string;
  readonly llrs: Float32Array<ArrayBuffer>;
  readonly symbols?: Float32Array<ArrayBuffer> | undefined;
  readonly errors?: number;
}

/** What the comparisons are called. */
export const LABELS = {
  model: 'SpikingRx',
  'ls-lmmse': 'LS + LMMSE',
  'perfect-csi': 'Perfect CSI',
  dump: 'Demapper of the dump',
} as const;

type Job = { readonly setup: Setup } | { readonly fileSlot: number };

/** What runs when a newer slot is asked for may go on for so long. */
const GRACE_MS = 400;
/** Between two slots of the continuous mode: time to look, and for others to be served. */
const PAUSE_MS = 120;

/** Which models are served, as the live data tell: another text when one comes, goes or is replaced. */
const served = computed(
  () => service.value && JSON.stringify([service.value.startedAt, service.value.models]),
);

export class Playground {
  readonly form = new SetupForm();
  readonly models = signal<readonly ModelOption[]>([]);
  readonly modelKey = signal<string | undefined>(undefined);
  readonly source = signal<'simulated' | 'file'>('simulated');
  readonly withSpikes = signal(true);
  readonly isContinuous = signal(false);
  readonly isBusy = signal(false);
  readonly result = signal<Result | undefined>(undefined);
  readonly spikes = signal<SlotSpikes | undefined>(undefined);
  readonly spikesError = signal<string | undefined>(undefined);
  readonly error = signal<string | undefined>(undefined);
  readonly tally = new ErrorTally();
  /** Changes with the tally. */
  readonly counted = signal(0);

  readonly model = computed(() => this.models.value.find(({ key }) => key === this.modelKey.value));
  readonly #worker = new PlayWorker();
  readonly files = new FileSource(this.#worker);
  /** From how many subcarriers on the service tells of no spikes, once it has said so. */
  #tooWide: { readonly nSc: number; readonly message: string } | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;
  readonly #work = new LatestWork<Job>((job, state) => this.#run(job, state), GRACE_MS);

  /** Asks which models there are. Also the way on after an error: the slot is sent again. */
  async loadModels(): Promise<void> {
    const isAgain = this.error.peek() !== undefined;
    try {
      this.#takeModels(await gridModels());
      if (isAgain) this.#askAgain();
    } catch (error) {
      this.error.value = messageOf(error);
    }
  }

  /** Asks which models there are, again when the live data tell of others. @returns ends it */
  followModels(): () => void {
    let before = served.peek();
    void this.loadModels();
    return effect(() => {
      const now = served.value;
      if (before !== undefined && now !== before) void untracked(() => this.loadModels());
      before = now;
    });
  }

  /** The same models stay the same objects: nothing is sent again for them. */
  #takeModels(models: readonly ModelOption[]): void {
    const first = models.find(({ isDefault }) => isDefault) ?? models[0];
    batch(() => {
      if (JSON.stringify(models) !== JSON.stringify(this.models.peek())) this.models.value = models;
      if (!models.some(({ key }) => key === this.modelKey.peek())) this.modelKey.value = first?.key;
      this.error.value = first === undefined ? 'The service has no model that takes grids.' : undefined;
    });
  }

  /** What is on its way belongs to the other source: it is called back. */
  setSource(source: 'simulated' | 'file'): void {
    this.#work.stop();
    batch(() => {
      this.isContinuous.value = false;
      this.isBusy.value = false;
      this.source.value = source;
      this.result.value = undefined;
      this.spikes.value = undefined;
    });
  }

  setSpikes(isOn: boolean): void {
    batch(() => {
      this.withSpikes.value = isOn;
      this.#takeSpikes(undefined);
    });
    if (isOn) this.#askAgain();
  }

  /** A slot of other bits, channel and noise: {@link follow} sends it. */
  nextSlot(): void {
    const { seed } = this.form;
    seed.set(((seed.value.value ?? 0) % MOST_SEED) + 1);
  }

  /** Slot after slot, until told otherwise or something goes wrong. */
  setContinuous(isOn: boolean): void {
    this.isContinuous.value = isOn;
    if (isOn) this.nextSlot();
  }

  /** Sends again whenever the form changes, while the view is open. @returns ends it */
  follow(): () => void {
    const end = effect(() => this.#askAgain());
    return () => {
      end();
      this.isContinuous.value = false;
      this.isBusy.value = false;
      this.#work.stop();
    };
  }

  clearTally(): void {
    this.tally.clear();
    this.counted.value++;
  }

  #job(): Job | undefined {
    const model = this.model.value;
    if (model === undefined) return undefined;
    if (this.source.value === 'file') {
      const fileSlot = this.files.slot.value;
      return fileSlot === undefined || this.files.misfit(model) ? undefined : { fileSlot };
    }
    const setup = this.form.setup(model);
    return setup && { setup };
  }

  #askAgain(): void {
    const job = this.#job();
    if (job !== undefined) this.#ask(job);
  }

  #ask(job: Job): void {
    this.isBusy.value = true;
    this.#work.ask(job);
  }

  async #run(job: Job, state: { signal: AbortSignal; isStale(): boolean }): Promise<void> {
    const model = this.model.peek();
    if (model === undefined) return;
    try {
      const slot =
        'setup' in job
          ? await this.#worker.ask('simulate', job.setup)
          : await this.#worker.ask('pick', job.fileSlot);
      await this.#askModel(slot, model, state.signal);
      if ('setup' in job) this.#count(job.setup, model);
      if (this.withSpikes.peek() && !state.isStale()) await this.#askSpikes(slot, model, state.signal);
    } catch (error) {
      if (!state.signal.aborted) this.#fail(error);
    }
    if (!state.isStale()) this.#goOn(job);
  }

  #fail(error: unknown): void {
    this.error.value = messageOf(error);
    this.isContinuous.value = false;
  }

  /** Nothing newer waits: the next slot by itself, or rest. */
  #goOn(job: Job): void {
    if (!this.isContinuous.peek() || !('setup' in job)) {
      this.isBusy.value = false;
      return;
    }
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      if (this.isContinuous.peek()) this.nextSlot();
      else this.isBusy.value = false;
    }, PAUSE_MS);
  }

  async #askModel(slot: PlaySlot, model: ModelOption, aborted: AbortSignal): Promise<void> {
    const { answer, roundTripMs } = await askModel(slot, model, aborted);
    batch(() => {
      this.result.value = { slot, answer, receivers: receiversOf(slot, answer), roundTripMs };
      this.error.value = undefined;
    });
  }

  #count(setup: Setup, model: ModelOption): void {
    const result = this.result.peek();
    const bits = result?.slot.bits?.length;
    if (result === undefined || bits === undefined) return;
    const errors = new Map(result.receivers.map((one) => [one.label, one.errors ?? 0]));
    this.tally.under(conditionsOf(setup, model.key));
    this.tally.add(setup.config.snrDb, setup.seed, { bits, errors } satisfies SlotErrors);
    this.counted.value++;
  }

  /** What is inside is a gift: where the service does not give it, the rest stands. */
  async #askSpikes(slot: PlaySlot, model: ModelOption, aborted: AbortSignal): Promise<void> {
    // Those of a narrower slot would pass for this one's.
    if (slot.shape.nSc >= (this.#tooWide?.nSc ?? Infinity)) return this.#takeSpikes(this.#tooWide?.message);
    try {
      const spikes = await askSpikes(slot, model, aborted);
      if (this.withSpikes.peek()) this.#takeSpikes(spikes);
    } catch (error) {
      if (aborted.aborted || !this.withSpikes.peek()) return;
      const message = messageOf(error);
      // What a service has not, it will not have for the next slot.
      if (error instanceof ApiError && [403, 404].includes(error.status)) this.withSpikes.value = false;
      if (error instanceof ApiError && error.field?.endsWith('shape'))
        this.#tooWide = { nSc: slot.shape.nSc, message };
      this.#takeSpikes(message);
    }
  }

  /** Spikes, or why there are none. */
  #takeSpikes(told: SlotSpikes | string | undefined): void {
    batch(() => {
      this.spikes.value = typeof told === 'string' ? undefined : told;
      this.spikesError.value = typeof told === 'string' ? told : undefined;
    });
  }
}

function receiversOf({ bits, comparisons }: PlaySlot, { llrs }: Answer): Result['receivers'] {
  const errorsOf = (of: Float32Array) => (bits === undefined ? {} : { errors: bitErrors(of, bits) });
  return [
    { id: 'model', label: LABELS.model, llrs, ...errorsOf(llrs) },
    ...comparisons.map((one) => ({
      id: one.receiver,
      label: LABELS[one.receiver],
      llrs: one.llrs,
      symbols: one.symbols,
      ...errorsOf(one.llrs),
    })),
  ];
}

export function messageOf(error: unknown): string {
  if (error instanceof ApiError || error instanceof SpikingRxError) return error.message;
  return 'The slot could not be sent.';
}
