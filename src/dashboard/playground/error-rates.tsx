/** Bit error rates as they gather, slot by slot. */
import { useMemo } from 'preact/hooks';
import { Chart } from '../charts/chart.js';
import { TableView } from '../charts/table.js';
import { Button } from '../ui/forms.js';
import { short } from '../ui/numbers.js';
import { Panel } from '../ui/panel.js';
import { errorRates, rateText } from './charts.js';
import { LABELS, type Playground } from './store.js';

const NAMES = [LABELS.model, LABELS['ls-lmmse'], LABELS['perfect-csi']];

export function ErrorRates({ playground }: { readonly playground: Playground }) {
  const { tally, form } = playground;
  const counted = playground.counted.value;
  const option = useMemo(() => errorRates(tally, NAMES), [counted]);
  const snrDb = form.snrDb.value.value ?? 0;
  const rates = tally.at(snrDb);
  if (tally.snrs.length === 0) return null;
  const [first] = rates;
  const summary = rates.map(({ receiver, ber }) => `${receiver} ${rateText(ber)}`).join(', ');
  return (
    <Panel
      title="Bit error rate"
      unit={first && `${short(first.slots)} slot${first.slots === 1 ? '' : 's'} at ${snrDb} dB`}
      isWide
      tools={
        <Button isSmall onClick={() => playground.clearTally()}>
          Count anew
        </Button>
      }
      caption="With 95 % confidence intervals; no point where there was no error. LS + LMMSE knows N0 and the channel's statistics, perfect CSI the channel itself. Another model, channel or allocation counts anew; a slot counts once at each SNR."
    >
      <div class="rates">
        <Chart
          option={option}
          height={260}
          summary={`Bit error rates against SNR. At ${snrDb} dB: ${summary || 'nothing counted'}.`}
        />
        <TableView
          caption={`Bit errors at ${snrDb} dB`}
          table={{
            columns: ['Receiver', 'Wrong', 'Bits', 'BER', '95 % interval'],
            rows: rates.map(({ receiver, errors, bits, ber, interval: [low, high] }) => [
              receiver,
              errors.toLocaleString('en'),
              bits.toLocaleString('en'),
              rateText(ber),
              `${rateText(low)} … ${rateText(high)}`,
            ]),
          }}
        />
      </div>
    </Panel>
  );
}
