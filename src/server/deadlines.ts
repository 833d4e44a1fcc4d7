import { LRUCache } from 'lru-cache';
import { invalid } from '../errors.js';
import type { Config } from './config.js';
import { FRAMES, MAX_NUMEROLOGY, SlotClock, slotsPerFrame, type SlotTiming } from './slot-clock.js';

/** Clients outside of streams whose time base is kept; who comes again after being dropped begins anew. */
const MAX_CLIENTS = 1024;

/** What a grid says of its time, as it came over any transport. */
export interface WireTerms {
  /** Time limit in milliseconds; the service's own when undefined. */
  readonly timeoutMs: number | undefined;
  /** Microseconds from when its message was read, or from the start of its slot. */
  readonly deadlineUs?: number | undefined;
  readonly slotTiming?: SlotTiming | undefined;
}

export interface TermsContext {
  /** Path of the grid in its request. */
  readonly field: string;
  readonly client: string;
  /** Of the stream; the client's own when left out. */
  readonly slotClock?: SlotClock;
  /** When the message was read. This and what follows are milliseconds on the `performance.now()` clock. */
  readonly receivedMs: number;
  /** Of the transport. */
  readonly deadlineMs?: number | undefined;
}

/** Until when a grid is to be answered, and whether that is a deadline to be met or a limit only. */
export interface GridTerms {
  readonly deadlineMs: number;
  readonly urgent: boolean;
}

/** Turns limits, deadlines and slots into the one time that counts; docs/reference/deadlines.md says how. */
export class Deadlines {
  readonly #clocks = new LRUCache<string, SlotClock>({ max: MAX_CLIENTS });

  constructor(private readonly config: Pick<Config, 'requestTimeoutMs' | 'slotBudgetUs'>) {}

  /** @throws INVALID_ARGUMENT that names the field. */
  of(terms: WireTerms, context: TermsContext): GridTerms {
    const { timeoutMs, deadlineUs, slotTiming } = terms;
    const { field, receivedMs } = context;
    const { requestTimeoutMs, slotBudgetUs } = this.config;
    if (timeoutMs !== undefined && !(timeoutMs >= 1))
      throw invalid(`${field}.timeoutMs`, 'at least 1 millisecond', String(timeoutMs));
    if (deadlineUs !== undefined && !(deadlineUs >= 1))
      throw invalid(`${field}.deadlineUs`, 'at least 1 microsecond', String(deadlineUs));
    const limitMs = receivedMs + Math.min(timeoutMs ?? requestTimeoutMs, requestTimeoutMs);
    const latestMs = Math.min(limitMs, context.deadlineMs ?? limitMs);
    const startMs = slotTiming ? this.#slotStart(slotTiming, context) : receivedMs;
    const budgetUs = deadlineUs ?? (slotTiming ? slotBudgetUs : undefined);
    if (budgetUs === undefined) return { deadlineMs: latestMs, urgent: false };
    return { deadlineMs: Math.min(latestMs, startMs + budgetUs / 1000), urgent: true };
  }

  /** The longest, in milliseconds, that a grid may take from when it was read. */
  patienceMs({ timeoutMs, deadlineUs, slotTiming }: WireTerms): number {
    const { requestTimeoutMs, slotBudgetUs } = this.config;
    const budgetUs = deadlineUs ?? (slotTiming ? slotBudgetUs : Number.POSITIVE_INFINITY);
    return Math.min(requestTimeoutMs, timeoutMs ?? requestTimeoutMs, budgetUs / 1000);
  }

  #slotStart(slotTiming: SlotTiming, { field, client, slotClock, receivedMs }: TermsContext): number {
    checkSlotTiming(slotTiming, `${field}.slotTiming`);
    const clock = slotClock ?? this.#clocks.get(client) ?? new SlotClock();
    if (slotClock === undefined) this.#clocks.set(client, clock);
    return clock.startOf(slotTiming, receivedMs);
  }
}

function checkSlotTiming({ frame, slot, numerology }: SlotTiming, field: string): void {
  requireWhole(`${field}.frame`, frame, FRAMES - 1);
  requireWhole(`${field}.numerology`, numerology, MAX_NUMEROLOGY);
  requireWhole(`${field}.slot`, slot, slotsPerFrame(numerology) - 1);
}

function requireWhole(field: string, value: number, most: number): void {
  if (!(Number.isInteger(value) && value >= 0 && value <= most))
    throw invalid(field, `a whole number from 0 to ${most}`, String(value));
}
