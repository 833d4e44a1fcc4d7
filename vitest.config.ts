import { defineConfig } from 'vitest/config';

/** Folders whose tests compute and keep nothing: their files share a process, and load what they test once. */
const COMPUTING = ['chart', 'dumps', 'grad', 'nn', 'nr', 'onnx', 'phy', 'wire'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

// Tests import the built code through the `#` subpath (package.json "imports"),
// so what is tested is what is served, worker threads included.
export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'computing', include: COMPUTING, isolate: false } },
      { extends: true, test: { name: 'others', include: ['test/**/*.test.ts'], exclude: COMPUTING } },
    ],
    pool: 'forks',
    // Vitest leaves a core free by itself; many tests wait for timers and sockets, so that one would stand idle.
    maxWorkers: 2,
    // Tests that wait for other processes, side by side: as many as there are cores.
    maxConcurrency: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is waited for comes at once, or late where other tests have the cores.
    expect: { poll: { timeout: 10_000 } },
  },
});
