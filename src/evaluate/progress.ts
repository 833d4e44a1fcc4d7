/** Progress on one line, with the time that is left. */
import type { EvaluationProgress } from './evaluate.js';
import type { EvaluationPoint } from './point.js';

const INTERVAL_MS = 2000;

export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A finished point in words. */
export function pointLine({ case: name, snrDb, slots, receivers }: EvaluationPoint): string {
  const rates = receivers.map(({ name: receiver, blockErrorRate, bitErrorRate }) =>
    blockErrorRate === undefined
      ? `${receiver} BER ${bitErrorRate.toExponential(2)}`
      : `${receiver} BLER ${blockErrorRate.toPrecision(3)}`,
  );
  return `${name}, ${snrDb} dB, ${slots} slots: ${rates.join(', ')}`;
}

/** Prints a line now and then. @param now milliseconds of a clock that does not jump. */
export function progressPrinter(print: (line: string) => void, now: () => number = () => performance.now()) {
  const start = now();
  let last = start;
  return ({ points, pointsDone, chunksDone, chunksLeft }: EvaluationProgress): void => {
    const time = now();
    if (time - last < INTERVAL_MS) return;
    last = time;
    const secondsLeft = ((time - start) / 1000 / chunksDone) * chunksLeft;
    print(`${pointsDone} of ${points} points, at most ${duration(secondsLeft)} left`);
  };
}
