import type { LatestRequest } from '../../wire/latest.js';
import { short } from '../ui/numbers.js';
import { Tile, type TileProps } from '../ui/tile.js';

export function Facts({ latest }: { readonly latest: LatestRequest }) {
  return (
    <dl class="tiles">
      {factsOf(latest).map((fact) => (
        <Tile key={fact.name} {...fact} />
      ))}
    </dl>
  );
}

function factsOf({ id, shape, timing, quality, llrDatatype }: LatestRequest): readonly TileProps[] {
  const { nRx, nSym, nSc, bitsPerSymbol } = shape;
  const { estimatedSnrDb: snr, meanAbsLlr, saturatedFraction } = quality;
  return [
    {
      name: 'Grid',
      value: `${nSym} × ${nSc}`,
      note: `${nRx} ${nRx === 1 ? 'antenna' : 'antennas'}, id ${id}`,
    },
    { name: 'Bits of a symbol', value: short(bitsPerSymbol), note: `sent as ${llrDatatype}` },
    {
      name: 'Estimated SNR',
      ...(snr === undefined ? { value: '–' } : { value: short(snr), unit: 'dB' }),
      note: 'from the pilots',
    },
    {
      name: 'Mean |LLR|',
      value: short(meanAbsLlr),
      note: `${short(100 * saturatedFraction)} % at the limit`,
    },
    {
      name: 'Compute',
      value: short(timing.computeMs),
      unit: 'ms',
      note: `in a batch of ${timing.batchSize}`,
    },
    {
      name: 'Queue',
      value: short(timing.queueMs),
      unit: 'ms',
      note: `decode ${short(timing.decodeMs)} ms`,
    },
  ];
}
