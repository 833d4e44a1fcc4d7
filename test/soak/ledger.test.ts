import { expect, test } from 'vitest';
import type { GridLlr } from '#client/index.js';
import { figuresOf, percentileMs } from '#soak/histogram.js';
import { Ledger } from '#soak/ledger.js';
import { growthMiBPerMinute, parseSample } from '#soak/service-watch.js';

function answer(byte = 1): GridLlr {
  return { id: 'x', llr: { datatype: 'i8', shape: [1], data: Uint8Array.of(byte) } } as unknown as GridLlr;
}

const entry = { kind: 'rest-json', priority: 'high', grid: 0, dueMs: 100, sentMs: 130 } as const;

test('a grid without an outcome is lost, a second outcome surplus, other LLRs are told', () => {
  const ledger = new Ledger();
  const [first, second, third] = [ledger.sent(entry), ledger.sent(entry), ledger.sent(entry)];
  ledger.answered(first, answer(), 150);
  ledger.answered(first, answer(), 151);
  ledger.failed(first, 'INTERNAL');
  ledger.answered(second, answer(2), 150);
  expect(third).toBeGreaterThan(second);
  const { arrived, outcomes, lost, surplus, differing } = ledger.report();
  expect({ arrived, outcomes, lost, surplus, differing }).toEqual({
    arrived: 3,
    outcomes: { OK: 2 },
    lost: 1,
    surplus: 2,
    differing: 1,
  });
});

test('latency counts from the intended arrival: a client that is late cannot hide it', () => {
  const ledger = new Ledger();
  ledger.answered(ledger.sent(entry), answer(), 150);
  const report = ledger.report();
  const slowest = (histogram: typeof report.fromSend) => percentileMs(figuresOf(histogram), 100);
  expect(slowest(report.latency['rest-json'])).toBeCloseTo(50, 1);
  expect(slowest(report.latency['high priority'])).toBeCloseTo(50, 1);
  expect(report.latency['normal priority'].count).toBe(0);
  expect(slowest(report.fromSend)).toBeCloseTo(20, 1);
  expect(slowest(report.sendLag)).toBeCloseTo(30, 1);
});

test('an interval tells what came since the one before', () => {
  const ledger = new Ledger();
  const number = ledger.sent(entry);
  expect(ledger.interval(0)).toMatchObject({ arrived: 1, outcomes: {} });
  ledger.failed(number, 'QUEUE_FULL');
  const { latency, ...rest } = ledger.interval(1);
  expect(rest).toEqual({ type: 'interval', second: 1, arrived: 0, outcomes: { QUEUE_FULL: 1 } });
  expect(latency.count).toBe(0);
});

test('memory is read from the metrics, and its growth after the first third', () => {
  const samples = Array.from({ length: 30 }, (_, i) => {
    const bytes = i < 10 ? 1000 * 2 ** 20 : (100 + i) * 2 ** 20;
    return parseSample(`# TYPE x gauge\nprocess_resident_memory_bytes ${bytes}\nother 1\n`, i);
  });
  expect(samples[0]).toMatchObject({ rssBytes: 1000 * 2 ** 20, heapBytes: Number.NaN });
  expect(growthMiBPerMinute(samples)).toBeCloseTo(60, 6);
});
