import type { LatestRequest } from '../../wire/latest.js';
import { short } from '../ui/numbers.js';

export function Facts({ latest }: { readonly latest: LatestRequest }) {
  return (
    <dl class="tiles">
      {factsOf(latest).map(([name, value, unit, note]) => (
        <div key={name} class="tile">
          <dt>{name}</dt>
          <dd class="tile-value">
            {value}
            <span class="unit">{unit}</span>
          </dd>
          <dd class="tile-note" title={note}>
            {note}
          </dd>
        </div>
      ))}
    </dl>
  );
}

type Fact = readonly [name: string, value: string, unit: string, note: string];

function factsOf({ id, shape, timing, quality, llrDatatype }: LatestRequest): readonly Fact[] {
  const { nRx, nSym, nSc, bitsPerSymbol } = shape;
  const { estimatedSnrDb: snr, meanAbsLlr, saturatedFraction } = quality;
  return [
    ['Grid', `${nSym} × ${nSc}`, '', `${nRx} ${nRx === 1 ? 'antenna' : 'antennas'}, id ${id}`],
    ['Bits of a symbol', short(bitsPerSymbol), '', `sent as ${llrDatatype}`],
    ['Estimated SNR', snr === undefined ? '–' : short(snr), snr === undefined ? '' : 'dB', 'from the pilots'],
    ['Mean |LLR|', short(meanAbsLlr), '', `${short(100 * saturatedFraction)} % at the limit`],
    ['Compute', short(timing.computeMs), 'ms', `in a batch of ${timing.batchSize}`],
    ['Queue', short(timing.queueMs), 'ms', `decode ${short(timing.decodeMs)} ms`],
  ];
}
