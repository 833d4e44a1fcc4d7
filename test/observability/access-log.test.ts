import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { AccessLog, type AccessLine } from '#server/telemetry/access-log.js';

const LINE: AccessLine = {
  requestId: 'r',
  transport: 'rest',
  method: 'POST /v1/llr',
  code: 'OK',
  durationMs: 1,
};

/** An access log whose lines and clock the test sees. */
function accessLog(sample: number, level = 'info') {
  const lines: Record<string, unknown>[] = [];
  const clock = { nowMs: 0 };
  const log = pino({ level }, { write: (text) => void lines.push(JSON.parse(text)) });
  return { lines, clock, log: new AccessLog(log, sample, () => clock.nowMs) };
}

describe('successful requests', () => {
  test.each([
    [0, 0],
    [0.01, 10],
    [0.3, 300],
    [1, 1000],
  ])('with a share of %d, of a thousand %d are logged, the first one among them', (sample, expected) => {
    const { lines, log } = accessLog(sample);
    log.ended(LINE, false);
    expect(lines).toHaveLength(Math.sign(expected));
    for (let i = 1; i < 1000; i++) log.ended(LINE, false);
    expect(Math.abs(lines.length - expected)).toBeLessThanOrEqual(1);
    expect(lines.every(({ level, msg }) => level === 30 && msg === 'request ended')).toBe(true);
  });

  test('the others, and probes, are there at debug', () => {
    const { lines, log } = accessLog(0.5, 'debug');
    for (let i = 0; i < 10; i++) log.ended(LINE, i >= 8);
    expect(lines.map(({ level }) => level)).toEqual([30, 30, 20, 30, 20, 30, 20, 30, 20, 20].map(Number));
  });
});

describe('failed requests', () => {
  test('faults of the service have their error, and the same bound', () => {
    const { lines, clock, log } = accessLog(0);
    const line = { requestId: 'r', transport: 'grpc', method: 'StreamLlr' } as const;
    for (let i = 0; i < 50; i++) log.fault(line, new Error('broken'));
    expect(lines).toHaveLength(10);
    expect(lines[0]).toMatchObject({ level: 50, requestId: 'r', err: { message: 'broken' } });
    clock.nowMs = 1000;
    log.fault(line, new Error('broken'));
    expect(lines[10]).toMatchObject({ suppressed: 40 });
  });

  test('are logged whatever the share, at the level of their code', () => {
    const { lines, log } = accessLog(0);
    for (const code of ['INTERNAL', 'QUEUE_FULL', 'INVALID_ARGUMENT'] as const)
      log.ended({ ...LINE, code }, true);
    expect(lines).toMatchObject([
      { level: 50, code: 'INTERNAL', requestId: 'r', msg: 'request failed' },
      { level: 40, code: 'QUEUE_FULL' },
      { level: 30, code: 'INVALID_ARGUMENT' },
    ]);
  });

  test('"not ready" is an answer to a probe, and trouble for others', () => {
    const { lines, log } = accessLog(0, 'debug');
    log.ended({ ...LINE, code: 'UNAVAILABLE' }, true);
    log.ended({ ...LINE, code: 'UNAVAILABLE' }, false);
    expect(lines.map(({ level }) => level)).toEqual([20, 40]);
  });

  test('of one kind take ten lines a second, and the next line tells how many were left out', () => {
    const { lines, clock, log } = accessLog(0);
    for (let i = 0; i < 500; i++) log.ended({ ...LINE, code: 'QUEUE_FULL' }, false);
    expect(lines).toHaveLength(10);
    log.ended({ ...LINE, code: 'INTERNAL' }, false);
    expect(lines).toHaveLength(11);
    clock.nowMs = 1000;
    log.ended({ ...LINE, code: 'QUEUE_FULL' }, false);
    log.ended({ ...LINE, code: 'QUEUE_FULL' }, false);
    expect(lines.slice(11)).toMatchObject([{ suppressed: 490 }, { code: 'QUEUE_FULL' }]);
    expect(lines[12]).not.toHaveProperty('suppressed');
  });
});
