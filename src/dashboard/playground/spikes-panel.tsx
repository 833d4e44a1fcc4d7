/** Where and when the layers of the model fire while they look at the slot. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { sequentialScale } from '../../chart/colour-maps.js';
import { ChartPanel } from '../charts/chart.js';
import { MapPanel } from '../charts/map-panel.js';
import { Button } from '../ui/forms.js';
import { PauseIcon, PlayIcon } from '../ui/icons.js';
import { Panel } from '../ui/panel.js';
import { layerRates, percent } from './charts.js';
import { SmallSelect } from '../ui/small-select.js';
import { type SlotSpikes, stepRates } from './spikes.js';
import type { Playground } from './store.js';

export function SpikesPanel({ playground }: { readonly playground: Playground }) {
  const { spikes, spikesError, withSpikes } = playground;
  if (!withSpikes.value && spikesError.value === undefined) return null;
  const known = spikes.value;
  if (known !== undefined)
    return (
      <>
        <SpikeMap spikes={known} />
        <RatesPanel spikes={known} />
      </>
    );
  return (
    <Panel title="Spikes">
      <p class="muted">{spikesError.value ?? 'Asking for them …'}</p>
    </Panel>
  );
}

/** Milliseconds that a step is shown. */
const STEP_MS = 700;

function SpikeMap({ spikes }: { readonly spikes: SlotSpikes }) {
  const layerName = useSignal('');
  const step = useSignal(0);
  const isPlaying = useSignal(false);
  const layer = spikes.layers.find(({ name }) => name === layerName.value) ?? spikes.layers[0];
  const at = Math.min(step.value, spikes.timeSteps - 1);
  useEffect(() => {
    if (!isPlaying.value) return undefined;
    const timer = setInterval(() => (step.value = (step.value + 1) % spikes.timeSteps), STEP_MS);
    return () => clearInterval(timer);
  }, [isPlaying.value, spikes.timeSteps]);
  const plane = useMemo(
    () => ({ rows: spikes.nSym, columns: spikes.nSc, values: layer?.maps[at] ?? [] }),
    [spikes, layer, at],
  );
  // The same colours in every step of a layer.
  const scale = useMemo(() => {
    const most = (layer?.maps ?? []).reduce((sum, map) => map.reduce((a, b) => Math.max(a, b), sum), 0);
    return sequentialScale('share of channels', [0, most], { min: 0 });
  }, [layer]);
  return (
    <MapPanel
      {...{ plane, scale }}
      format={percent}
      title="Spikes"
      unit="share of a layer's channels that fire"
      tools={
        <SmallSelect
          label="Layer"
          value={layer?.name ?? ''}
          choices={spikes.layers.map(({ name, channels }) => ({
            value: name,
            label: `${name} (${channels})`,
          }))}
          onChange={(value) => (layerName.value = value)}
        />
      }
      summary={`Spikes of ${layer?.name} in time step ${at + 1} of ${spikes.timeSteps}: ${percent(layer && stepRates(layer)[at])} of its neurons fire.`}
      below={spikes.timeSteps > 1 && <Steps {...{ step, at, isPlaying }} count={spikes.timeSteps} />}
    />
  );
}

interface StepsProps {
  readonly step: Signal<number>;
  /** The step that is shown, from 0. */
  readonly at: number;
  readonly count: number;
  readonly isPlaying: Signal<boolean>;
}

/** Goes through the time steps, by hand or by itself. */
function Steps({ step, at, count, isPlaying }: StepsProps) {
  return (
    <div class="tools steps">
      <Button
        isSmall
        aria-pressed={isPlaying.value}
        aria-label={isPlaying.value ? 'Stop going through the time steps' : 'Go through the time steps'}
        onClick={() => (isPlaying.value = !isPlaying.value)}
      >
        {isPlaying.value ? <PauseIcon /> : <PlayIcon />}
      </Button>
      <label class="steps-slider">
        <span>
          step {at + 1} of {count}
        </span>
        <input
          type="range"
          min={0}
          max={count - 1}
          step={1}
          value={at}
          aria-label="Time step"
          aria-valuetext={`${at + 1} of ${count}`}
          onInput={(event) => {
            isPlaying.value = false;
            step.value = event.currentTarget.valueAsNumber;
          }}
        />
      </label>
    </div>
  );
}

function RatesPanel({ spikes }: { readonly spikes: SlotSpikes }) {
  const { layers, timeSteps } = spikes;
  const option = useMemo(() => layerRates(layers), [layers]);
  const table = () => ({
    columns: ['layer', ...Array.from({ length: timeSteps }, (_, step) => `step ${step + 1}`)],
    rows: layers.map((layer) => [layer.name, ...stepRates(layer).map(percent)]),
  });
  return (
    <ChartPanel
      title="Firing rates"
      unit="by layer and time step"
      height={250}
      option={option}
      table={table}
      summary={`Firing rates: ${layers.map((layer) => `${layer.name} ${stepRates(layer).map(percent).join(', ')}`).join('; ')}.`}
      caption="Share of neurons (channel and resource element) that fire in a step. Every spike costs operations in the next layer."
    />
  );
}
