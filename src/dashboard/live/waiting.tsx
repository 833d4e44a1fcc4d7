import { serviceState } from './state.js';
import { service, silentMs, stream } from './store.js';

/** What is not as it should be, and why: in the place of what is not known, or above what may be old. */
export function Waiting() {
  const { tone, text, detail } = serviceState({
    stream: stream.value,
    service: service.value,
    silentMs: silentMs.value,
  });
  if (tone === 'good') return null;
  return (
    <p class="note" data-tone={tone}>
      <strong>{text}</strong> {detail}
    </p>
  );
}
