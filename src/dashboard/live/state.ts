/** How the service is, in a word or two. */
import type { LiveService } from '../../wire/live.js';
import type { StreamState } from './stream.js';

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

export interface ServiceState {
  readonly tone: Tone;
  readonly text: string;
  /** Why, where that is more than the text says. */
  readonly detail?: string;
}

export interface Known {
  readonly stream: StreamState;
  readonly service: LiveService | undefined;
  /** Milliseconds since the latest event. */
  readonly silentMs: number;
}

/** Samples come once a second: what is older than this is no longer the present. */
export const STALE_MS = 4000;

export function serviceState({ stream, service, silentMs }: Known): ServiceState {
  if (stream.kind === 'refused')
    return stream.status === 404
      ? { tone: 'plain', text: 'No live data', detail: stream.message }
      : { tone: 'bad', text: stream.status === 401 ? 'Key needed' : 'Refused', detail: stream.message };
  if (stream.kind === 'lost') return { tone: 'bad', text: 'Reconnecting …', detail: stream.message };
  if (stream.kind === 'connecting' || service === undefined) return { tone: 'plain', text: 'Connecting …' };
  if (silentMs > STALE_MS)
    return { tone: 'warn', text: 'Silent', detail: `Nothing heard for ${Math.round(silentMs / 1000)} s.` };
  if (service.ready) return { tone: 'good', text: 'Ready' };
  return {
    tone: 'warn',
    text: 'Not ready',
    ...(service.unready !== undefined && { detail: service.unready }),
  };
}
