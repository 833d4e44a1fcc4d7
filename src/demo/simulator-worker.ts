/** Thread that simulates slots: see simulator.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../phy/random.js';
import { demoScenario, drawDemoSlot } from './scenario.js';
import { SLOTS_PER_MESSAGE, type SimulatorRequest } from './simulator.js';

const { seed, snrDb, slots } = workerData as SimulatorRequest;
const scenario = demoScenario(snrDb);
const streams = Random.fromSeed(seed).fork('demo');

for (let first = 0; first < slots; first += SLOTS_PER_MESSAGE) {
  const count = Math.min(SLOTS_PER_MESSAGE, slots - first);
  const chunk = Array.from({ length: count }, (_, i) => drawDemoSlot(scenario, streams.fork(first + i)));
  parentPort?.postMessage(
    chunk,
    chunk.flatMap((slot) => [slot.rx.buffer, slot.bits.buffer]),
  );
}
