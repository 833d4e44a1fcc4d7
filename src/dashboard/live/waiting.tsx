import { serviceState } from './state.js';
import { service, stream } from './store.js';

/** In the place of what is not known yet, or not here: why, and what can be done. */
export function Waiting() {
  const { tone, text, detail } = serviceState({ stream: stream.value, service: service.value, silentMs: 0 });
  return (
    <p class="note" data-tone={tone}>
      <strong>{text}</strong> {detail}
    </p>
  );
}
