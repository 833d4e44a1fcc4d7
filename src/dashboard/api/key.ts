/** The key for a service that asks who calls: of this tab only, gone when it closes. */
import { signal } from '@preact/signals';

const STORED = 'spikingrx.key';

export const key = signal<string | undefined>(undefined);

/** Whether the viewer is being asked. */
export const isAsking = signal(false);

/** Whether the service has refused a key, or the lack of one. */
export const keyRefused = signal(false);

interface Question {
  readonly answer: Promise<boolean>;
  readonly resolve: (given: boolean) => void;
}

let asked: Question | undefined;

export function restoreKey(): void {
  key.value = sessionStorage.getItem(STORED) ?? undefined;
}

/**
 * Has the viewer asked for a key; calls that come meanwhile wait for the same answer.
 * @param isRefused Whether the service asked, not the viewer
 * @returns whether one was given
 */
export async function askForKey(isRefused = true): Promise<boolean> {
  keyRefused.value = isRefused;
  asked ??= newQuestion();
  isAsking.value = true;
  return asked.answer;
}

function newQuestion(): Question {
  const settled: { resolve?: Question['resolve'] } = {};
  const answer = new Promise<boolean>((resolve) => (settled.resolve = resolve));
  return { answer, resolve: (given) => settled.resolve?.(given) };
}

/** @param given The key; an empty one takes the key away; undefined: not given */
export function answerKey(given: string | undefined): void {
  isAsking.value = false;
  if (given !== undefined) {
    key.value = given === '' ? undefined : given;
    keyRefused.value = false;
    if (given === '') sessionStorage.removeItem(STORED);
    else sessionStorage.setItem(STORED, given);
  }
  asked?.resolve(given !== undefined);
  asked = undefined;
}
