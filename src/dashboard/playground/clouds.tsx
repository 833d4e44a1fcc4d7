/** Symbols before and after equalisation, and how sure the LLRs are. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { Chart, ChartPanel } from '../charts/chart.js';
import { Panel } from '../ui/panel.js';
import { short } from '../ui/numbers.js';
import { constellation, llrHistogram } from './charts.js';
import { llrHistograms, receivedPoints, sentPoints, symbolPoints } from './planes.js';
import { SmallSelect } from '../ui/small-select.js';
import type { Result } from './store.js';

export function ConstellationPanel({ result }: { readonly result: Result }) {
  const { slot, receivers } = result;
  const equalised = receivers.filter(({ symbols }) => symbols !== undefined);
  const chosen = useSignal('ls-lmmse');
  const after = equalised.find(({ id }) => id === chosen.value) ?? equalised[0];
  const sent = sentPoints(slot.modulation);
  const before = useMemo(() => constellation(receivedPoints(slot, 0), sent), [slot]);
  const behind = useMemo(
    () => constellation(after?.symbols ? symbolPoints(after.symbols) : [], sent),
    [slot, after?.id],
  );
  return (
    <Panel
      title="Constellation"
      unit={slot.modulation}
      tools={
        <SmallSelect
          label="Equaliser"
          value={after?.id ?? ''}
          choices={equalised.map(({ id, label }) => ({ value: id, label }))}
          onChange={(value) => (chosen.value = value)}
        />
      }
      caption="Data symbols; crosses: the points that were sent. SpikingRx goes from the grid to LLRs and has no such symbols."
    >
      <div class="clouds">
        <Cloud title="Received, antenna 1" option={before} />
        <Cloud title={`After ${after?.label ?? 'equalisation'}`} option={behind} />
      </div>
    </Panel>
  );
}

function Cloud({
  title,
  option,
}: {
  readonly title: string;
  readonly option: ReturnType<typeof constellation>;
}) {
  return (
    <figure>
      <Chart option={option} isSquare summary={`Constellation: ${title}`} />
      <figcaption>{title}</figcaption>
    </figure>
  );
}

export function HistogramPanel({ result }: { readonly result: Result }) {
  const { slot, receivers } = result;
  const chosen = useSignal('model');
  const shown = receivers.find(({ id }) => id === chosen.value) ?? receivers[0];
  const counted = useMemo(() => llrHistograms(shown.llrs, slot.bits), [shown]);
  const option = useMemo(() => llrHistogram(counted), [counted]);
  const table = () => {
    const { all, zero = all, one } = counted;
    const middle = (i: number) => short(((all.edges[i] ?? 0) + (all.edges[i + 1] ?? 0)) / 2);
    return {
      columns: ['LLR', ...(one ? ['bit sent: 0', 'bit sent: 1'] : ['LLRs'])],
      rows: zero.counts.map((count, i) => [middle(i), count, ...(one ? [one.counts[i] ?? 0] : [])]),
    };
  };
  return (
    <ChartPanel
      title="LLR histogram"
      unit={`${short(shown.llrs.length)} LLRs`}
      height={250}
      option={option}
      table={table}
      summary={`Histogram of the LLRs of ${shown.label}${slot.bits ? ', apart for bits that were 0 and 1' : ''}.`}
      caption="Where the two overlap, signs are wrong. The outermost bins hold what lies beyond."
      tools={
        <SmallSelect
          label="LLRs of"
          value={shown.id}
          choices={receivers.map(({ id, label }) => ({ value: id, label }))}
          onChange={(value) => (chosen.value = value)}
        />
      }
    />
  );
}
