import { Waiting } from './waiting.js';
import { service } from './store.js';

/** The last minutes of the service, moving. */
export function LiveView() {
  return (
    <>
      <header class="view-head">
        <h1>Live</h1>
      </header>
      {service.value === undefined && <Waiting />}
    </>
  );
}
