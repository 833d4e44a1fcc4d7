import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadlines, type TermsContext, type WireTerms } from '#server/deadlines.js';
import { SlotClock, type SlotTiming } from '#server/slot-clock.js';

const CYCLE_MS = 10_240;

/** The slot that is on the air at `radioMs`. */
function slotAt(radioMs: number, numerology = 1): SlotTiming {
  const inCycle = ((radioMs % CYCLE_MS) + CYCLE_MS) % CYCLE_MS;
  const frame = Math.floor(inCycle / 10);
  return { frame, slot: Math.floor((inCycle - 10 * frame) * 2 ** numerology), numerology };
}

describe('SlotClock', () => {
  it('takes the earliest arrival for the start of its slot, and the others as late', () => {
    const clock = new SlotClock();
    expect(clock.startOf({ frame: 5, slot: 0, numerology: 0 }, 1000)).toBe(1000);
    expect(clock.startOf({ frame: 5, slot: 1, numerology: 0 }, 1004)).toBe(1001); // 3 ms late
    expect(clock.startOf({ frame: 5, slot: 4, numerology: 1 }, 1001)).toBe(1001); // 1 ms earlier than any before
    expect(clock.startOf({ frame: 5, slot: 1, numerology: 0 }, 1004)).toBe(1000);
  });

  it('knows the start of every slot to the least delay, over the wrap of the frame number', () => {
    const delays = fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { minLength: 1, maxLength: 80 });
    const radio = fc.record({
      startMs: fc.integer({ min: 0, max: 10 * CYCLE_MS }),
      offsetMs: fc.integer({ min: -CYCLE_MS, max: CYCLE_MS }),
      periodMs: fc.constantFrom(0.5, 5, 40),
      numerology: fc.constantFrom(0, 1, 6),
      delays,
    });
    fc.assert(
      fc.property(radio, ({ startMs, offsetMs, periodMs, numerology, delays: all }) => {
        const clock = new SlotClock();
        const slotMs = 1 / 2 ** numerology;
        let least = Number.POSITIVE_INFINITY;
        for (const [i, delay] of all.entries()) {
          least = Math.min(least, delay);
          const beganMs = slotMs * Math.floor((startMs + i * periodMs) / slotMs);
          const start = clock.startOf(slotAt(beganMs, numerology), beganMs + offsetMs + delay);
          expect(Math.abs(start - (beganMs + offsetMs + least))).toBeLessThan(1e-6);
        }
      }),
      { seed: 8, numRuns: 200 },
    );
  });

  it('follows a clock that drifts by 100 ppm, in both directions', () => {
    for (const drift of [1e-4, -1e-4]) {
      const clock = new SlotClock();
      for (let ms = 0; ms < 3_600_000; ms += 500) {
        const arrivalMs = ms * (1 + drift);
        // At most two cycles of drift behind.
        expect(arrivalMs - clock.startOf(slotAt(ms), arrivalMs)).toBeLessThan(3);
      }
    }
  });

  it('finds itself again within two cycles after a radio began anew', () => {
    const clock = new SlotClock();
    for (let ms = 0; ms < 15_000; ms += 10) clock.startOf(slotAt(ms), ms);
    const late = (ms: number): number => ms - clock.startOf(slotAt(ms - 3000), ms);
    expect(late(15_000)).toBe(3000);
    for (let ms = 15_010; ms < 15_000 + 2 * CYCLE_MS; ms += 10) late(ms);
    expect(late(15_000 + 2 * CYCLE_MS)).toBe(0);
    // After a pause at once.
    expect(late(100_000)).toBe(0);
  });
});

describe('Deadlines', () => {
  const deadlines = new Deadlines({ requestTimeoutMs: 1000, slotBudgetUs: 4000 });
  const context: TermsContext = { field: 'grids[2]', client: 'a', receivedMs: 5000 };
  const terms = (own: Partial<WireTerms>, about: Partial<TermsContext> = {}) =>
    deadlines.of({ timeoutMs: undefined, ...own }, { ...context, ...about });

  it('a limit ends a grid and makes it no more urgent; the least of all counts', () => {
    expect(terms({})).toEqual({ deadlineMs: 6000, urgent: false });
    expect(terms({ timeoutMs: 20 })).toEqual({ deadlineMs: 5020, urgent: false });
    expect(terms({ timeoutMs: 2000 }, { deadlineMs: 5500 })).toEqual({ deadlineMs: 5500, urgent: false });
    expect(terms({ deadlineUs: 250 })).toEqual({ deadlineMs: 5000.25, urgent: true });
    expect(terms({ deadlineUs: 50_000, timeoutMs: 20 })).toEqual({ deadlineMs: 5020, urgent: true });
  });

  it('a slot has the budget of the service, or one of its own, from its start', () => {
    const slotTiming = { frame: 1, slot: 0, numerology: 1 };
    const later = { frame: 1, slot: 3, numerology: 1 };
    expect(terms({ slotTiming })).toEqual({ deadlineMs: 5004, urgent: true });
    // 1.5 ms of radio time later it came 2 ms later.
    expect(terms({ slotTiming: later }, { receivedMs: 5002 })).toEqual({ deadlineMs: 5005.5, urgent: true });
    expect(terms({ slotTiming: later, deadlineUs: 700 }, { receivedMs: 5002 }).deadlineMs).toBe(5002.2);
  });

  it('clients and streams have time bases of their own', () => {
    const slotTiming = { frame: 1, slot: 0, numerology: 1 };
    const slotClock = new SlotClock();
    expect(terms({ slotTiming }, { client: 'b', receivedMs: 5300 }).deadlineMs).toBe(5304);
    expect(terms({ slotTiming }, { slotClock, receivedMs: 5300 }).deadlineMs).toBe(5304);
    expect(terms({ slotTiming }, { receivedMs: 5300 }).deadlineMs).toBe(5004);
  });

  it('waits for room no longer than a grid could be of use', () => {
    const slotTiming = { frame: 0, slot: 0, numerology: 0 };
    const asked: WireTerms[] = [
      { timeoutMs: undefined },
      { timeoutMs: 5, deadlineUs: 9000 },
      { timeoutMs: 50, deadlineUs: 9000 },
      { timeoutMs: 50, slotTiming },
    ];
    expect(asked.map((one) => deadlines.patienceMs(one))).toEqual([1000, 5, 9, 4]);
  });

  it.each<[string, Partial<WireTerms>]>([
    ['grids[2].timeoutMs', { timeoutMs: 0 }],
    ['grids[2].deadlineUs', { deadlineUs: 0 }],
    ['grids[2].slotTiming.frame', { slotTiming: { frame: 1024, slot: 0, numerology: 0 } }],
    ['grids[2].slotTiming.numerology', { slotTiming: { frame: 0, slot: 0, numerology: 7 } }],
    ['grids[2].slotTiming.slot', { slotTiming: { frame: 0, slot: 20, numerology: 1 } }],
    ['grids[2].slotTiming.slot', { slotTiming: { frame: 0, slot: 0.5, numerology: 1 } }],
  ])('names %s', (field, own) => {
    expect(() => terms(own)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field }) as Error);
  });
});
