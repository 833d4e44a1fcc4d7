/** The latest request of anybody, where the service lets its grid be looked at: fetched when it is asked for. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { LatestRequest } from '../../wire/latest.js';
import { ApiError, getJson } from '../api/client.js';
import { service, stream } from '../live/store.js';
import { Waiting } from '../live/waiting.js';
import { Button } from '../ui/forms.js';
import { clockTime } from '../ui/numbers.js';
import { decodeLatest } from './decode.js';
import { Facts } from './facts.js';
import { GridPanel, HistogramPanel, LlrPanel } from './panels.js';

interface Fetched {
  readonly latest?: LatestRequest;
  readonly error?: ApiError;
}

export function LatestRequestView() {
  // Live data are on the same port, or not here either; but a key may be for one of them alone.
  const isRefused = stream.value.kind === 'refused' && stream.value.status === 403;
  if (service.value === undefined && !isRefused) return <NotShown reason={<Waiting />} />;
  if (service.value?.latestRequest === false) return <NotShown reason={<NotKept />} />;
  return <Kept />;
}

function NotShown({ reason }: { readonly reason: ComponentChildren }) {
  return (
    <>
      <header class="view-head">
        <h1>Latest request</h1>
      </header>
      {reason}
    </>
  );
}

function NotKept() {
  return (
    <p class="note">
      The service does not keep it: grids are signals of its users. Started with{' '}
      <code>--dashboard-request</code>, it shows the latest grid and its LLRs here.
    </p>
  );
}

function Kept() {
  const fetched = useSignal<Fetched>({});
  const isLoading = useSignal(false);
  const leaving = useRef(new AbortController());
  const look = async () => {
    isLoading.value = true;
    try {
      const latest = await getJson<LatestRequest>('v1/live/request', { signal: leaving.current.signal });
      fetched.value = { latest };
    } catch (error) {
      if (!(error instanceof ApiError)) return;
      fetched.value = { ...fetched.value, error };
    } finally {
      isLoading.value = false;
    }
  };
  useEffect(() => {
    void look();
    return () => leaving.current.abort();
  }, []);
  const { latest, error } = fetched.value;
  return (
    <>
      <header class="view-head">
        <div>
          <h1>Latest request</h1>
          {latest !== undefined && <p>{inShort(latest)}</p>}
        </div>
        <Button kind="primary" disabled={isLoading.value} onClick={() => void look()}>
          Look again
        </Button>
      </header>
      {error !== undefined && <Refusal error={error} />}
      {latest !== undefined && <Panels latest={latest} />}
    </>
  );
}

function inShort({ receivedAt, transport, model, version }: LatestRequest): string {
  return `${clockTime(receivedAt)} · ${transport === 'rest' ? 'REST' : 'gRPC'} · ${model} ${version}`;
}

/** What is not there yet, or not allowed, and what would allow it. */
function Refusal({ error }: { readonly error: ApiError }) {
  if (error.status === 404)
    return (
      <p class="note">
        Nothing to see: {error.message}. <a href="#/playground">Send a slot from the playground</a>, then look
        again.
      </p>
    );
  return (
    <p class="note" data-tone={error.status === 403 ? 'warn' : 'bad'} role="alert">
      <strong>Not shown.</strong> {error.message}
    </p>
  );
}

function Panels({ latest }: { readonly latest: LatestRequest }) {
  const grid = useMemo(() => decodeLatest(latest), [latest]);
  return (
    <>
      <Facts latest={latest} />
      <div class="panels">
        <GridPanel grid={grid} />
        <LlrPanel grid={grid} />
        <HistogramPanel grid={grid} />
      </div>
    </>
  );
}
