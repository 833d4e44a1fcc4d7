/** 50 µs to 50 ms where grids spend their time, and beyond for overload, in seconds. */
export const STAGE_BUCKETS = [
  50e-6, 100e-6, 200e-6, 350e-6, 500e-6, 1e-3, 2e-3, 3.5e-3, 5e-3, 10e-3, 20e-3, 35e-3, 50e-3, 0.1, 0.25, 0.5,
  1, 2.5, 10, 30,
];
export const BATCH_BUCKETS = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 128, 256];
/** Parts of a whole. */
export const FILL_BUCKETS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
/** Delays of the event loop, in seconds: a timer is a millisecond late as a rule. */
export const DELAY_BUCKETS = [1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.2, 0.5, 1, 2, 5];
