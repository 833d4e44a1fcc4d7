/** What the page knows of the service: one stream for the header and every view. */
import { batch, computed, effect, signal } from '@preact/signals';
import type { LiveEvents, LiveSample, LiveService } from '../../wire/live.js';
import { call } from '../api/client.js';
import { key } from '../api/key.js';
import { requireHere } from '../api/port.js';
import { followStream, type StreamState } from './stream.js';

/** Seconds that are kept: the longest window, and a little. */
export const KEPT_SAMPLES = 620;

export const service = signal<LiveService | undefined>(undefined);
/** Of the last minutes, oldest first. */
export const samples = signal<readonly LiveSample[]>([]);
export const stream = signal<StreamState>({ kind: 'connecting' });
/** The viewer's clock, once a second: milliseconds since 1970. */
export const now = signal(Date.now());
/** When the latest event came, by the viewer's clock. */
export const heardAt = signal<number | undefined>(undefined);

/** Samples come once a second. */
const QUIET_MS = 2500;
/** Milliseconds since the latest event; 0 while events come as they should, so that the clock alone changes nothing. */
export const silentMs = computed(() => {
  const ms = now.value - (heardAt.value ?? now.value);
  return ms > QUIET_MS ? ms : 0;
});

/** The samples with those that are new, in order, none twice, bounded. */
export function withSamples(
  known: readonly LiveSample[],
  added: readonly LiveSample[],
  kept = KEPT_SAMPLES,
): readonly LiveSample[] {
  const latest = known.at(-1)?.at ?? 0;
  const newer = added.filter(({ at }) => at > latest);
  if (newer.length === added.length) return [...known, ...newer].slice(-kept);
  // Of a stream that began again: its history overlaps what is known.
  const byTime = new Map([...known, ...added].map((sample) => [sample.at, sample]));
  return [...byTime.values()].sort((a, b) => a.at - b.at).slice(-kept);
}

function take<Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]): void {
  const event = { name, data } as {
    [N in keyof LiveEvents]: { name: N; data: LiveEvents[N] };
  }[keyof LiveEvents];
  batch(() => {
    heardAt.value = Date.now();
    if (event.name === 'service') takeService(event.data);
    else if (event.name === 'history') samples.value = withSamples(samples.value, event.data.samples);
    else samples.value = withSamples(samples.value, [event.data]);
  });
}

/** A service that has begun anew counts from nothing. */
function takeService(next: LiveService): void {
  if (service.value !== undefined && service.value.startedAt !== next.startedAt) samples.value = [];
  service.value = next;
}

/** Follows the service; again from the beginning with every other key. @returns ends it */
export function followService(): () => void {
  const clock = setInterval(() => (now.value = Date.now()), 1000);
  const end = effect(() => {
    void key.value;
    const leaving = new AbortController();
    void followStream({
      open: async (ends) => {
        await requireHere('liveData', { signal: ends });
        return call('v1/live', { signal: ends, headers: { accept: 'text/event-stream' } });
      },
      onEvent: take,
      onState: (state) => (stream.value = state),
      signal: leaving.signal,
    });
    return () => leaving.abort();
  });
  return () => {
    clearInterval(clock);
    end();
  };
}
