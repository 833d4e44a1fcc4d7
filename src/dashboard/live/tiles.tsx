/** The present in figures. */
import type { LiveSample } from '../../wire/live.js';
import { bytes, short } from '../ui/numbers.js';
import { Tile, type TileProps } from '../ui/tile.js';
import type { LiveWindow } from './charts.js';
import { meanBatch, sumOf } from './series.js';

/** Seconds that throughput is the mean of: one alone jumps. */
const RECENT = 5;

export function Tiles({ window }: { readonly window: LiveWindow }) {
  const latest = window.samples.at(-1);
  return (
    <dl class="tiles">
      {latest !== undefined && tilesOf(window, latest).map((tile) => <Tile key={tile.name} {...tile} />)}
    </dl>
  );
}

function tilesOf(window: LiveWindow, latest: LiveSample): readonly TileProps[] {
  return [
    ...gridTiles(window, latest),
    {
      name: 'Queue',
      value: short(latest.queue.waitingGrids),
      unit: 'waiting',
      note: `${short(latest.queue.admittedGrids)} of ${short(window.maxQueuedGrids)} admitted`,
      tone: latest.queue.admittedGrids > 0.9 * window.maxQueuedGrids ? 'warn' : undefined,
    },
    batchTile(window),
    {
      name: 'Workers',
      value: short(latest.workers.busy),
      unit: `of ${latest.workers.live} busy`,
      note: `${latest.workers.restarts === 0 ? 'none' : short(latest.workers.restarts)} replaced`,
      tone: latest.workers.live === 0 ? 'bad' : undefined,
    },
    {
      name: 'Event loop',
      value: `${Math.round(latest.eventLoop.utilisation * 100)}`,
      unit: '% busy',
      note: `delay p99 ${short(latest.eventLoop.delayP99Ms)} ms`,
      tone: latest.eventLoop.utilisation > 0.9 ? 'warn' : undefined,
    },
    memoryTile(latest),
  ];
}

function gridTiles({ samples }: LiveWindow, latest: LiveSample): readonly TileProps[] {
  const recent = samples.slice(-RECENT);
  const answered = sumOf(samples, ({ grids }) => grids.answered);
  const failed = sumOf(samples, ({ grids }) => grids.failed);
  const total = latest.stages.total;
  return [
    {
      name: 'Throughput',
      value: short(
        (1000 * sumOf(recent, ({ grids }) => grids.answered)) / sumOf(recent, ({ periodMs }) => periodMs),
      ),
      unit: 'grids/s',
      note: `${short(answered)} in this window`,
    },
    {
      name: 'Latency p99',
      value: total === undefined ? '–' : short(total.p99Ms),
      ...(total !== undefined && { unit: 'ms' }),
      note: total === undefined ? 'no grids just now' : `p50 ${short(total.p50Ms)} ms`,
    },
    {
      name: 'Failed',
      value: short(failed),
      unit: failed === 1 ? 'grid' : 'grids',
      note:
        failed === 0 ? 'in this window' : `${short((100 * failed) / (answered + failed))} % of this window`,
      tone: failed > 0 ? 'bad' : undefined,
    },
  ];
}

function batchTile({ samples, maxBatchGrids }: LiveWindow): TileProps {
  const means = samples.slice(-RECENT).flatMap((sample) => meanBatch(sample) ?? []);
  return {
    name: 'Grids per batch',
    value: means.length === 0 ? '–' : short(means.reduce((a, b) => a + b) / means.length),
    note: `at most ${maxBatchGrids}`,
  };
}

function memoryTile({ memory }: LiveSample): TileProps {
  const [value = '', unit = ''] = bytes(memory.residentBytes).split(' ');
  return { name: 'Memory', value, unit, note: `heap ${bytes(memory.heapUsedBytes)}` };
}
