import { describe, expect, it } from 'vitest';
import { panelChart, panelChartSize } from '#chart/panels.js';

const panel = (title: string) => ({
  title,
  xAxis: { type: 'value' },
  yAxis: { type: 'value' },
  series: [{ type: 'line' as const, data: [[0, 1]] }],
});

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

describe('small multiples', () => {
  it.each([
    { columns: 3, subtitle: 'a line', names: ['x'] },
    { columns: 2, subtitle: '', names: [] },
    { columns: 1, subtitle: 'one\ntwo', names: ['x', 'y'] },
  ])('lie inside the figure and beside each other, each with its own axes: %o', (given) => {
    const chart = {
      title: 'Panels',
      subtitle: given.subtitle,
      names: given.names,
      panels: ['a', 'b', 'c', 'd', 'e'].map(panel),
      layout: { columns: given.columns, panelHeight: 100 },
    };
    const size = panelChartSize(chart);
    const option = panelChart(chart) as { grid: Box[]; series: { xAxisIndex: number; yAxisIndex: number }[] };
    expect(option.series.map(({ xAxisIndex, yAxisIndex }) => [xAxisIndex, yAxisIndex])).toEqual(
      [0, 1, 2, 3, 4].map((i) => [i, i]),
    );
    option.grid.forEach((box, i) => {
      expect(box.left).toBeGreaterThanOrEqual(0);
      expect(box.left + box.width).toBeLessThanOrEqual(size.width);
      expect(box.top + box.height).toBeLessThanOrEqual(size.height);
      for (const other of option.grid.slice(i + 1)) {
        const beside = other.left >= box.left + box.width || other.left + other.width <= box.left;
        expect(beside || other.top >= box.top + box.height).toBe(true);
      }
    });
  });
});
