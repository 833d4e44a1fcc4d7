/** The form of the playground: which model, and where the slot comes from. */
import { useSignalEffect } from '@preact/signals';
import { IQ_DATATYPE_NAMES } from '../../iq.js';
import { FileDrop } from '../ui/file-drop.js';
import { NumberField, Segmented, SelectField, SliderField, TextField } from '../ui/forms.js';
import { Panel } from '../ui/panel.js';
import type { FileSource } from './file-source.js';
import type { RawForm } from './raw-form.js';
import { CHANNELS, type ChannelName, flagsOf, type PilotForm, type SetupForm } from './setup.js';
import type { ModelOption } from './requests.js';
import type { Playground } from './store.js';

const CHANNEL_LABELS: Readonly<Partial<Record<ChannelName, string>>> = {
  'TDL-D': 'TDL-D (line of sight)',
  'TDL-E': 'TDL-E (line of sight)',
  'TDL-A30': 'TDL-A30 (30 ns)',
  'TDL-B100': 'TDL-B100 (100 ns)',
  'TDL-C300': 'TDL-C300 (300 ns)',
  rayleigh: 'flat Rayleigh',
  awgn: 'AWGN only',
};

const numbered = <T extends string>(...values: readonly T[]) =>
  values.map((value) => ({ value, label: value }));

export function Controls({ playground }: { readonly playground: Playground }) {
  const { source, files, form } = playground;
  return (
    <Panel
      title="Slot"
      isWide
      tools={
        <Segmented
          label="Where the slot comes from"
          value={source.value}
          onChange={(value) => playground.setSource(value)}
          choices={[
            { value: 'simulated', label: 'Simulated' },
            { value: 'file', label: 'From a file' },
          ]}
        />
      }
    >
      <form class="fields slot-fields" onSubmit={(event) => event.preventDefault()}>
        <ModelField playground={playground} />
        {source.value === 'simulated' ? <SimulatedFields form={form} /> : <FileFields files={files} />}
      </form>
      {source.value === 'simulated' && <AsCommand playground={playground} />}
    </Panel>
  );
}

/** The way from here to a report of the same slot. */
function AsCommand({ playground }: { readonly playground: Playground }) {
  const model = playground.model.value;
  const setup = model && playground.form.setup(model);
  if (model === undefined || setup === undefined) return null;
  const file = `models/${model.name}/${model.version}/model.onnx`;
  return (
    <details class="as-command">
      <summary>A report of this slot</summary>
      <code>spikingrx report --model {[file, ...flagsOf(setup), '--out', 'runs/report'].join(' ')}</code>
    </details>
  );
}

function modelLabel({ name, version, isDefault }: ModelOption): string {
  return `${name} ${version}${isDefault ? ' (default)' : ''}`;
}

function ModelField({ playground }: { readonly playground: Playground }) {
  const { models, model, modelKey, source, files } = playground;
  const chosen = model.value;
  const misfit = chosen && source.value === 'file' ? files.misfit(chosen) : undefined;
  // A file decides what a model has to be: the first one that fits is taken.
  useSignalEffect(() => {
    const facts = files.facts.value;
    if (source.value !== 'file' || facts === undefined || facts.kind === 'raw') return;
    const fitting = models.value.find((one) => files.misfit(one) === undefined);
    if (fitting !== undefined && model.peek() && files.misfit(model.peek() as ModelOption) !== undefined)
      modelKey.value = fitting.key;
  });
  return (
    <SelectField
      label="Model"
      value={modelKey.value}
      error={misfit}
      help={chosen && `${chosen.modulation}, ${chosen.nRx} receive antenna${chosen.nRx === 1 ? '' : 's'}`}
      choices={models.value.map((one) => ({ value: one.key, label: modelLabel(one) }))}
      onChange={(value) => (modelKey.value = value)}
    />
  );
}

function SimulatedFields({ form }: { readonly form: SetupForm }) {
  return (
    <>
      <SelectField
        label="Channel"
        value={form.channel.value}
        choices={CHANNELS.map((value) => ({ value, label: CHANNEL_LABELS[value] ?? value }))}
        onChange={(value) => (form.channel.value = value)}
        help="TR 38.901; 30 kHz spacing"
      />
      <NumberField
        label="Delay spread"
        unit="ns"
        input={form.delaySpreadNs}
        isDisabled={!form.hasDelaySpread.value}
      />
      <NumberField
        label="Doppler shift"
        unit="Hz"
        input={form.dopplerHz}
        isDisabled={!form.hasDoppler.value}
      />
      <NumberField label="Resource blocks" unit="PRB" input={form.nPrb} />
      <PilotFields pilots={form.pilots} symbolsError={form.pilots.symbolsError.value} />
      <NumberField label="Seed" input={form.seed} help="Bits, channel and noise follow from it" />
      <div class="field-wide">
        <SliderField
          label="SNR"
          unit="dB"
          input={form.snrDb}
          step={0.5}
          help="Received signal energy per resource element and antenna over N0; same bits, channel and noise along the slider"
        />
      </div>
    </>
  );
}

function PilotFields({
  pilots,
  symbolsError,
}: {
  readonly pilots: PilotForm;
  readonly symbolsError: string | undefined;
}) {
  return (
    <>
      <TextField
        label="DMRS symbols"
        input={pilots.symbols}
        error={symbolsError}
        help="Numbered in the slot from 0"
      />
      <SelectField
        label="DMRS type"
        value={pilots.type.value}
        choices={numbered('1', '2')}
        onChange={(value) => (pilots.type.value = value)}
      />
      <SelectField
        label="CDM groups without data"
        value={pilots.groups.value}
        error={pilots.groupsError.value}
        choices={numbered('1', '2', '3')}
        onChange={(value) => (pilots.groups.value = value)}
      />
    </>
  );
}

function FileFields({ files }: { readonly files: FileSource }) {
  const facts = files.facts.value;
  return (
    <>
      <FileDrop
        label="OAI bundle, SigMF recording or raw IQ"
        help="Bundle: fullgrid.bin, pdsch_cfg.txt and ldpc_cfg.txt, all at once. SigMF: the .sigmf-meta and the .sigmf-data. Raw: one file of samples [antennas, symbols, subcarriers]. Nothing leaves this browser but the grid that is sent."
        error={files.error.value}
        onFiles={(dropped) => void files.drop(dropped)}
      >
        {files.names.value.length > 0 && <span>{files.names.value.join(', ')}</span>}
      </FileDrop>
      {files.kind.value === 'raw' && <RawFields raw={files.raw} />}
      {facts !== undefined && facts.slots.length > 1 && (
        <NumberField
          label="Slot of the file"
          unit={`1 … ${facts.slots.length}`}
          input={files.number}
          error={files.numberError.value}
        />
      )}
      {facts !== undefined && (
        <p class="field-help field-wide" role="status">
          {factsText(facts.slots.length, facts.nPrb, facts.nRx, facts.modulation)}
        </p>
      )}
    </>
  );
}

function factsText(slots: number, nPrb: number, nRx: number, modulation: string): string {
  const [many, antennas] = [slots === 1 ? '1 slot' : `${slots} slots`, nRx === 1 ? 'antenna' : 'antennas'];
  return `Read: ${many} of ${nPrb} PRB, ${nRx} ${antennas}, ${modulation}.`;
}

function RawFields({ raw }: { readonly raw: RawForm }) {
  return (
    <>
      <SelectField
        label="Samples"
        value={raw.datatype.value}
        choices={numbered(...IQ_DATATYPE_NAMES)}
        onChange={(value) => (raw.datatype.value = value)}
        help="Antennas and modulation are those of the model"
      />
      <NumberField label="Symbols of a slot" input={raw.nSym} />
      <NumberField label="Resource blocks" unit="PRB" input={raw.nPrb} />
      <PilotFields pilots={raw.pilots} symbolsError={raw.symbolsError.value} />
      <NumberField label="Scrambling identity" unit="N_ID" input={raw.nId} />
      <SelectField
        label="Scrambling choice"
        value={raw.nScid.value}
        choices={[
          { value: '0', label: 'n_SCID 0' },
          { value: '1', label: 'n_SCID 1' },
        ]}
        onChange={(value) => (raw.nScid.value = value)}
      />
      <NumberField label="Slot in the frame" input={raw.slot} />
    </>
  );
}
