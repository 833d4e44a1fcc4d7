/** What runs: the service, its limits, and the models that it serves. */
import type { LiveService } from '../../wire/live.js';
import { key } from '../api/key.js';
import { Waiting } from '../live/waiting.js';
import { now, service } from '../live/store.js';
import { duration, moment, short } from '../ui/numbers.js';
import { Panel } from '../ui/panel.js';

export function ServiceView() {
  const known = service.value;
  return (
    <>
      <header class="view-head">
        <h1>Service</h1>
      </header>
      <Waiting />
      {known !== undefined && <Known service={known} />}
    </>
  );
}

function Known({ service: known }: { readonly service: LiveService }) {
  return (
    <>
      <Panel title="Process" isWide>
        <dl class="facts">
          <Fact name="Version" value={known.version} />
          <Fact name="State" value={known.ready ? 'ready' : `not ready: ${known.unready ?? 'starting'}`} />
          <Fact name="Started" value={moment(known.startedAt)} />
          <Fact name="Running for" value={duration(now.value - known.startedAt)} />
          <Fact name="Execution provider" value={known.provider} />
          <Fact name="Workers" value={String(known.workers)} />
          <Fact name="Queue, at most" value={`${short(known.limits.maxQueuedGrids)} grids`} />
          <Fact name="Batch, at most" value={`${short(known.limits.maxBatchGrids)} grids`} />
        </dl>
      </Panel>
      <Panel title="Models" unit={countOf(known.models)} isWide>
        <ModelTable models={known.models} />
      </Panel>
      {key.value === undefined && (
        // Where a key is needed, a link would come without it.
        <p class="muted">
          For programs: <a href="docs/">the API and its schemas</a>.
        </p>
      )}
    </>
  );
}

function countOf(models: LiveService['models']): string {
  const ready = models.filter(({ state }) => isReady(state)).length;
  return `${ready} of ${models.length} ready`;
}

const isReady = (state: string) => /^ready$/i.test(state);

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function ModelTable({ models }: { readonly models: LiveService['models'] }) {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Models">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Version</th>
            <th scope="col">State</th>
            <th scope="col">Modulation</th>
            <th scope="col" class="number">
              Antennas
            </th>
            <th scope="col" class="number">
              Time steps
            </th>
            <th scope="col">SHA-256</th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => (
            <tr key={`${model.name}/${model.version}`}>
              <td>
                <strong>{model.name}</strong>
              </td>
              <td>
                {model.version} {model.isDefault && <span class="badge">default</span>}
              </td>
              <td>
                <span class="badge" data-tone={toneOf(model.state)}>
                  {model.state.toLowerCase()}
                </span>{' '}
                {model.reason}
              </td>
              <td>{model.modulation ?? '–'}</td>
              <td class="number">{model.nRx ?? '–'}</td>
              <td class="number">{model.timeSteps ?? '–'}</td>
              <td>
                <code title={model.sha256}>{model.sha256?.slice(0, 12) ?? '–'}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** States are those of the model repository. */
function toneOf(state: string): string {
  if (isReady(state)) return 'good';
  return /fail|unavail/i.test(state) ? 'bad' : 'warn';
}
