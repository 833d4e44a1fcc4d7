import { CommanderError } from 'commander';
import { SpikingRxError } from '../errors.js';
import { ListenError } from '../server/listen-error.js';

/** How every command ends; docs/reference/configuration.md has the same table. */
export const EXIT_CODES = {
  /** Done. A service that was told to stop has answered what was in flight. */
  done: 0,
  /** Not done, and the message says why; a service that was not given the time to drain. */
  unfinished: 1,
  /** The command line, a setting or an input is wrong. */
  usage: 2,
  /** An address to listen on is taken or not to be had. */
  address: 3,
  /** A model, an execution provider or a file that is needed cannot be used. */
  precondition: 4,
  /** A fault of SpikingRx itself; stderr shows where. */
  internal: 70,
  /** A signal ended it before it was done, as shells report it; what was computed is kept. */
  interrupted: 130,
} as const;

/** What commander and the operating system refuse has codes too: of an option, of a path. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
  if (error instanceof ListenError) return EXIT_CODES.address;
  if (error instanceof SpikingRxError) return OF_ERROR_CODE[error.code] ?? EXIT_CODES.unfinished;
  return error instanceof Error && 'syscall' in error ? EXIT_CODES.unfinished : EXIT_CODES.internal;
}

const OF_ERROR_CODE: Partial<Record<SpikingRxError['code'], number>> = {
  INVALID_ARGUMENT: EXIT_CODES.usage,
  NOT_FOUND: EXIT_CODES.precondition,
  FAILED_PRECONDITION: EXIT_CODES.precondition,
  CANCELLED: EXIT_CODES.interrupted,
  INTERNAL: EXIT_CODES.internal,
};
