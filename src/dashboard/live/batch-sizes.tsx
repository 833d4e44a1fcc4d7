import type { EChartsCoreOption } from 'echarts/core';
import { LIGHT, SERIES_COLOURS } from '../../chart/colours.js';
import { ChartPanel } from '../charts/chart.js';
import { TOOLTIP } from '../charts/looks.js';
import { PLOT } from '../charts/time-chart.js';
import { short } from '../ui/numbers.js';
import type { LiveWindow } from './charts.js';
import { batchCounts } from './series.js';

/** How many batches of the window had so many grids. */
export function BatchSizes({ window, height }: { readonly window: LiveWindow; readonly height: number }) {
  const counts = batchCounts(window.samples, window.maxBatchGrids);
  const total = counts.reduce((a, b) => a + b, 0);
  const mode = counts.indexOf(Math.max(...counts)) + 1;
  return (
    <ChartPanel
      title="Batch sizes"
      unit="batches, by grids"
      height={height}
      option={batchOption(counts)}
      summary={
        total === 0
          ? 'Batch sizes. No batches.'
          : `Batch sizes. ${total} batches; most often of ${mode} ${mode === 1 ? 'grid' : 'grids'}.`
      }
      table={() => ({
        columns: ['grids', 'batches', 'share'],
        rows: counts.map((count, index) => [
          index + 1,
          count,
          total === 0 ? null : `${short((100 * count) / total)} %`,
        ]),
      })}
    />
  );
}

export function batchOption(counts: readonly number[]): EChartsCoreOption {
  const text = { color: LIGHT.muted, fontSize: 11 };
  return {
    grid: { ...PLOT, top: 10 },
    tooltip: {
      ...TOOLTIP,
      trigger: 'axis',
      axisPointer: { type: 'none' },
      formatter: ([item]: readonly { readonly name: string; readonly value: number }[]) =>
        item === undefined ? '' : `${short(item.value)} batches of ${item.name}`,
    },
    xAxis: {
      type: 'category',
      data: counts.map((_count, index) => String(index + 1)),
      axisLine: { lineStyle: { color: LIGHT.muted } },
      axisTick: { show: false },
      axisLabel: { ...text, hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      min: 0,
      max: ({ max }: { max: number }) => (max > 4 ? null : 4),
      splitNumber: 3,
      axisLabel: { ...text, formatter: short },
      splitLine: { lineStyle: { color: LIGHT.grid } },
    },
    series: [
      {
        type: 'bar',
        data: counts,
        barCategoryGap: '18%',
        cursor: 'default',
        itemStyle: { color: SERIES_COLOURS[0], borderRadius: [2, 2, 0, 0] },
        emphasis: { disabled: true },
      },
    ],
  };
}
