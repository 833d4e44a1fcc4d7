import { setFlagsFromString } from 'node:v8';

/** Garbage, in percent of the live heap, that V8 lets gather between collections of the whole heap. */
const HEAP_GROWTH_PERCENT = 400;

/**
 * Makes V8 collect the whole heap less often, in all threads of the process. V8 counts the buffers of messages
 * towards the heap, whose limit it sets in keeping with the 25 MB of live objects, so that a busy service had its
 * whole heap collected several times a second; young buffers die in the cheap minor collections anyway. The
 * price is up to four times the live heap in memory, about 100 MB, within `--max-old-space-size` as ever.
 * For the service's own process: the flag is global.
 */
export function growHeapInLargeSteps(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
}
