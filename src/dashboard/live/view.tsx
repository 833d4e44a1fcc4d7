/** The last minutes of the service, moving. */
import { computed, signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { LiveService } from '../../wire/live.js';
import { ChartPanel } from '../charts/chart.js';
import { timeChart, timeSummary, timeTable } from '../charts/time-chart.js';
import { SmallSelect } from '../ui/small-select.js';
import { Button, Segmented } from '../ui/forms.js';
import { PauseIcon, PlayIcon } from '../ui/icons.js';
import { clockTime, duration } from '../ui/numbers.js';
import { BatchSizes } from './batch-sizes.js';
import * as charts from './charts.js';
import { inWindow } from './series.js';
import { now, samples, service, silentMs } from './store.js';
import { Tiles } from './tiles.js';
import { Waiting } from './waiting.js';

const WINDOWS = [
  { value: '1', label: '1 min' },
  { value: '5', label: '5 min' },
  { value: '10', label: '10 min' },
] as const;

/** Pixels. */
const HEIGHT = 150;

/** Chosen once for as long as the page is open, whichever view is looked at between. */
const minutes = signal<(typeof WINDOWS)[number]['value']>('5');
const paused = signal<{ readonly samples: typeof samples.value; readonly endAt: number } | undefined>(
  undefined,
);

export function LiveView() {
  const known = service.value;
  return (
    <>
      <header class="view-head">
        <div>
          <h1>Live</h1>
          {known !== undefined && <InShort service={known} />}
        </div>
        {known !== undefined && <Tools />}
      </header>
      <Waiting />
      {shown.value !== undefined && <Charts window={shown.value} />}
    </>
  );
}

/** The models, where they run, and since when. */
function InShort({ service: { models, provider, workers, startedAt } }: { readonly service: LiveService }) {
  const [first, ...others] = models.filter(({ state }) => state === 'READY').sort(defaultFirst);
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const served = first === undefined ? 'no model ready' : `${first.name} ${first.version}${more}`;
  const threads = `${workers} ${workers === 1 ? 'worker' : 'workers'}`;
  return <p>{[served, provider, threads, `running for ${duration(now.value - startedAt)}`].join(' · ')}</p>;
}

const defaultFirst = (a: { isDefault: boolean }, b: { isDefault: boolean }) =>
  Number(b.isDefault) - Number(a.isDefault);

function Tools() {
  const isPaused = paused.value !== undefined;
  return (
    <div class="tools">
      {isPaused && <span class="muted">Paused at {clockTime(paused.value?.endAt ?? 0)}</span>}
      <Segmented
        label="Length of the window"
        choices={WINDOWS}
        value={minutes.value}
        onChange={(value) => (minutes.value = value)}
      />
      <Button
        aria-pressed={isPaused}
        onClick={() => (paused.value = isPaused ? undefined : { samples: samples.value, endAt: endNow() })}
      >
        {isPaused ? <PlayIcon /> : <PauseIcon />}
        {isPaused ? 'Go on' : 'Pause'}
      </Button>
    </div>
  );
}

/** The present by the service's clock: the latest sample, and on from there while none comes. */
function endNow(): number {
  return (samples.value.at(-1)?.at ?? now.peek()) + silentMs.value;
}

/** What the charts are of. */
const shown = computed<charts.LiveWindow | undefined>(() => {
  if (service.value === undefined) return undefined;
  const { samples: known, endAt: to } = paused.value ?? { samples: samples.value, endAt: endNow() };
  const windowMs = Number(minutes.value) * 60_000;
  const { maxQueuedGrids, maxBatchGrids } = service.value.limits;
  return { samples: inWindow(known, to, windowMs), from: to - windowMs, to, maxQueuedGrids, maxBatchGrids };
});

function Charts({ window }: { readonly window: charts.LiveWindow }) {
  const quantile = useSignal<charts.Quantile>('p99Ms');
  const isQuiet = window.samples.every(({ grids }) => grids.answered + grids.failed === 0);
  const panel = (chart: charts.LiveChart, tools?: ComponentChildren) => (
    <TimePanel key={chart.id} chart={chart} window={window} tools={tools} />
  );
  return (
    <>
      <Tiles window={window} />
      {isQuiet && (
        <p class="note">
          No grids in this window. <a href="#/playground">Send some from the playground.</a>
        </p>
      )}
      <div class="panels panels-dense">
        {panel(charts.THROUGHPUT)}
        {panel(charts.LATENCY)}
        {panel(
          charts.stageChart(quantile.value),
          <SmallSelect
            label="Percentile"
            choices={charts.QUANTILES}
            value={quantile.value}
            onChange={(value) => (quantile.value = value)}
          />,
        )}
        <BatchSizes window={window} height={HEIGHT} />
        {panel(charts.BATCH_MEAN)}
        {panel(charts.QUEUE)}
        {panel(charts.OLDEST)}
        {panel(charts.IN_FLIGHT)}
        {panel(charts.ERRORS)}
        {panel(charts.WORKERS)}
        {panel(charts.EVENT_LOOP)}
        {panel(charts.MEMORY)}
      </div>
    </>
  );
}

interface TimePanelProps {
  readonly chart: charts.LiveChart;
  readonly window: charts.LiveWindow;
  readonly tools?: ComponentChildren;
}

function TimePanel({ chart: { title, unit, empty, of }, window, tools }: TimePanelProps) {
  const chart = of(window);
  return (
    <ChartPanel
      title={title}
      unit={unit}
      tools={tools}
      height={HEIGHT}
      empty={chart.series.length === 0 ? empty : undefined}
      option={timeChart(chart)}
      summary={timeSummary(title, chart)}
      table={() => timeTable(chart)}
    />
  );
}
