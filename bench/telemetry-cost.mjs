// What counting, logging, tracing and being looked at cost, in microseconds of processor time: `npm run build`, then
// `node bench/telemetry-cost.mjs`. Grids go through the very calls that the service makes for them, in batches of 8 and
// requests of 1; nothing else is in the loop.
import { pino } from 'pino';
import { LiveRecorder } from '../dist/server/live/recorder.js';
import { Metrics } from '../dist/server/metrics.js';
import { AccessLog } from '../dist/server/telemetry/access-log.js';
import { requestId } from '../dist/server/telemetry/request-id.js';
import { Requests } from '../dist/server/telemetry/requests.js';

const BATCH = 8;
const BATCHES = 5000;
const TURNS = 7;

const metrics = new Metrics();
const recorder = new LiveRecorder();
const watched = new Metrics(recorder);
const log = pino({ level: 'info' }, { write: () => undefined });
const terms = { id: 'grid', model: 'model', version: '1' };
const batch = { model: 'model', version: '1', worker: 0, grids: BATCH, capacity: 16, resourceElements: BATCH * 1344 };
const finished = { model: 'model', version: '1', outcome: 'OK', request: terms, enqueuedMs: 0, priority: 'normal' };
const quality = { saturatedFraction: 0, estimatedSnrDb: 11 };
const format = { datatype: 'f32', shape: [2496], bytes: new Uint8Array(4) };

/** A batch, and what becomes of its grids. */
function countBatch(into) {
  const event = { ...batch, requests: Array.from({ length: BATCH }, () => terms) };
  into.observer.batchDispatched?.(event);
  into.observer.batchCompleted?.({ ...event, outcome: 'ok', computeMs: 8 });
  for (let i = 0; i < BATCH; i++) {
    into.stage('decode', 0.1);
    into.observer.gridFinished?.({ ...finished, queueMs: 0.2, computeMs: 8, batchSize: BATCH });
    into.requests.gridsEnded('rest', 'OK', 1);
    into.quality.gridAnswered({ ...terms, llr: format }, quality);
    into.stage('encode', 0.05);
  }
}

/** The same where somebody may look on: what `GridService` and `Requests` tell beside it. */
function countWatchedBatch() {
  countBatch(watched);
  for (let i = 0; i < BATCH; i++) {
    recorder.requestBegun();
    recorder.stage('total', 8.5);
    recorder.gridsEnded('OK', 1);
    recorder.requestEnded('OK', 0);
  }
}

const headers = () => undefined;

function requestsWith(sample) {
  const requests = new Requests({ metrics, accessLog: new AccessLog(log, sample) });
  return () => {
    for (let i = 0; i < BATCH; i++) {
      const start = { transport: 'rest', method: 'POST /v1/llr', id: requestId(undefined), headers };
      requests.begin(start).end('OK');
    }
  };
}

/** Median over turns, microseconds of processor time for each of the batch: what else runs does not count. */
function cost(work) {
  const turns = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const start = process.cpuUsage();
    for (let i = 0; i < BATCHES; i++) work();
    const { user, system } = process.cpuUsage(start);
    turns.push((user + system) / (BATCHES * BATCH));
  }
  return turns.toSorted((a, b) => a - b)[TURNS >> 1];
}

const rows = {
  'metrics, a grid': cost(() => countBatch(metrics)),
  'the same with a live view, a grid': cost(countWatchedBatch),
  'record, a request: id, counts, no line': cost(requestsWith(0)),
  'record, a request: the default share of lines (0.01)': cost(requestsWith(0.01)),
  'record, a request: a line each': cost(requestsWith(1)),
};
for (const [what, microseconds] of Object.entries(rows)) console.log(`${microseconds.toFixed(2)} us  ${what}`);
const begin = performance.now();
for (let i = 0; i < 1000; i++) recorder.take();
console.log(`${(performance.now() - begin).toFixed(2)} us  live view, a sample of an idle second`);
metrics.close();
watched.close();
