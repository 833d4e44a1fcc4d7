import { integer } from './kinds.js';

/** How the service ends. */
export const lifecycleSettings = {
  drainDelayMs: integer('After SIGTERM: how long to go on serving while not ready', {
    default: 500,
    minimum: 0,
    maximum: 3_600_000,
  }),
  shutdownTimeoutMs: integer('After the drain delay: how long requests in flight may take', {
    default: 10_000,
    minimum: 0,
    maximum: 3_600_000,
  }),
};
