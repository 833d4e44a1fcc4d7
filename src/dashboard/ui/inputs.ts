/** What a form's fields hold: the text as it was typed, and the value that it says, or what is wrong with it. */
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';

export interface NumberLimits {
  readonly min?: number;
  readonly max?: number;
  readonly isInteger?: boolean;
}

export interface NumberInput extends NumberLimits {
  readonly text: Signal<string>;
  /** Undefined while the text is not such a number. */
  readonly value: ReadonlySignal<number | undefined>;
  readonly error: ReadonlySignal<string | undefined>;
  set(value: number): void;
}

export function numberInput(initial: number, limits: NumberLimits = {}): NumberInput {
  const text = signal(String(initial));
  const error = computed(() => numberError(text.value, limits));
  return {
    ...limits,
    text,
    error,
    value: computed(() => (error.value === undefined ? Number(text.value) : undefined)),
    set: (value) => (text.value = String(value)),
  };
}

/** As people write numbers: no hexadecimals, which JavaScript takes for some. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** What is wrong with a text that should be a number, in words for the one who typed it. */
export function numberError(text: string, limits: NumberLimits = {}): string | undefined {
  const { min = -Infinity, max = Infinity, isInteger = false } = limits;
  const wanted = `${isInteger ? 'a whole number' : 'a number'}${range(min, max)}`;
  const trimmed = text.trim();
  if (trimmed === '') return `Enter ${wanted}.`;
  const value = DECIMAL.test(trimmed) ? Number(trimmed) : Number.NaN;
  if (!Number.isFinite(value)) return `“${trimmed.slice(0, 20)}” is not a number. Enter ${wanted}.`;
  if (value < min || value > max || (isInteger && !Number.isInteger(value))) return `Enter ${wanted}.`;
  return undefined;
}

function range(min: number, max: number): string {
  if (Number.isFinite(min) && Number.isFinite(max)) return ` from ${min} to ${max}`;
  if (Number.isFinite(min)) return `, ${min} or more`;
  return Number.isFinite(max) ? `, ${max} or less` : '';
}
