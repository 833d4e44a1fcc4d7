/** A slot of one's own, simulated or out of a file, sent to the running service. */
import { useEffect } from 'preact/hooks';
import { bitsPerSymbol } from '../../nr/qam.js';
import { Button, CheckField } from '../ui/forms.js';
import { PauseIcon, PlayIcon } from '../ui/icons.js';
import { short } from '../ui/numbers.js';
import { Tile } from '../ui/tile.js';
import { rateText } from './charts.js';
import { Controls } from './controls.js';
import { ErrorRates } from './error-rates.js';
import { GridPanel, LlrPanel } from './maps.js';
import { ConstellationPanel, HistogramPanel } from './clouds.js';
import { SpikesPanel } from './spikes-panel.js';
import { Playground, type Result } from './store.js';

/** As long as the page: another view and back, and all is as it was. */
const playground = new Playground();

export function PlaygroundView() {
  useEffect(() => {
    const ends = [
      playground.followModels(),
      playground.files.follow(() => playground.model.value),
      playground.follow(),
    ];
    return () => ends.forEach((end) => end());
  }, []);
  const result = playground.result.value;
  return (
    <>
      <header class="view-head">
        <div>
          <h1>Playground</h1>
          <p>A slot of your own, answered by this service.</p>
        </div>
        <Tools />
      </header>
      <Controls playground={playground} />
      {playground.error.value !== undefined && (
        <p class="note" data-tone="bad" role="alert">
          {playground.error.value}{' '}
          <Button isSmall onClick={() => void playground.loadModels()}>
            Try again
          </Button>
        </p>
      )}
      {result === undefined && isWaiting() && playground.error.value === undefined && (
        <p class="muted waiting">Waiting for the answer …</p>
      )}
      {result !== undefined && <Results result={result} />}
    </>
  );
}

/** Slot after slot there is always one on its way, and the latest to be seen. */
function isWaiting(): boolean {
  return playground.isBusy.value && !playground.isContinuous.value;
}

function Tools() {
  const isSimulated = playground.source.value === 'simulated';
  const isOn = playground.isContinuous.value;
  return (
    <div class="tools">
      <CheckField
        label="Show spikes"
        checked={playground.withSpikes.value}
        onChange={(checked) => playground.setSpikes(checked)}
      />
      <Button
        aria-pressed={isOn}
        disabled={!isSimulated || playground.model.value === undefined}
        onClick={() => playground.setContinuous(!isOn)}
      >
        {isOn ? <PauseIcon /> : <PlayIcon />}
        {isOn ? 'Stop' : 'Slot after slot'}
      </Button>
      <Button
        kind="primary"
        disabled={!isSimulated || isOn || playground.model.value === undefined}
        onClick={() => playground.nextSlot()}
      >
        Send another slot
      </Button>
    </div>
  );
}

function Results({ result }: { readonly result: Result }) {
  const qm = bitsPerSymbol(result.slot.modulation);
  return (
    <section class="results" aria-label="Answer" aria-busy={isWaiting()}>
      <Tiles result={result} />
      <div class="panels">
        <GridPanel result={result} />
        <ConstellationPanel result={result} />
        <LlrPanel result={result} qm={qm} />
        <HistogramPanel result={result} />
        <SpikesPanel playground={playground} />
        {playground.source.value === 'simulated' && <ErrorRates playground={playground} />}
      </div>
    </section>
  );
}

/** The slot in figures: wrong bits of each receiver, and how long the answer took. */
function Tiles({ result }: { readonly result: Result }) {
  const { answer, receivers, roundTripMs, slot } = result;
  const bits = slot.bits?.length ?? 0;
  const { queueMs, computeMs } = answer.timing;
  const snr = answer.quality.estimatedSnrDb;
  return (
    <dl class="tiles" aria-label="This slot">
      {receivers.map(({ label, errors }) => (
        <Tile
          key={label}
          name={`${label}: wrong bits`}
          {...(errors === undefined
            ? { value: '–', note: 'the bits sent are not known' }
            : {
                value: short(errors),
                unit: `of ${bits.toLocaleString('en')}`,
                note: `BER ${rateText(errors / bits)}`,
              })}
        />
      ))}
      <Tile
        name="Round trip"
        value={short(roundTripMs)}
        unit="ms"
        note={`queue ${short(queueMs)} ms, compute ${short(computeMs)} ms`}
      />
      <Tile
        name="SNR seen by the service"
        {...(snr === undefined ? { value: '–' } : { value: snr.toFixed(1), unit: 'dB' })}
        note={`mean |LLR| ${short(answer.quality.meanAbsLlr)}`}
      />
    </dl>
  );
}
