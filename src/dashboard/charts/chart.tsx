/** A chart on a canvas: follows its size and the scheme, and says in words and in a table what it shows. */
import { useSignal } from '@preact/signals';
import type { EChartsCoreOption, EChartsType } from 'echarts/core';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from '../ui/forms.js';
import { ChartIcon, TableIcon } from '../ui/icons.js';
import { Panel } from '../ui/panel.js';
import { type Scheme, scheme } from '../theme.js';
import { init } from './echarts.js';
import { inScheme } from './scheme.js';
import { type Table, TableView } from './table.js';

export interface ChartProps {
  /** In the light colours of src/chart; without animation, background and tooltip looks, which are the page's. */
  readonly option: EChartsCoreOption;
  /** What a reader of the screen is told in its place: a sentence with the figures that matter. */
  readonly summary: string;
  /** Pixels. Default 190. */
  readonly height?: number;
}

const DEFAULT_HEIGHT = 190;

export function Chart({ option, summary, height = DEFAULT_HEIGHT }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const shown = scheme.value;
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const made = init(element, null, { renderer: 'canvas' });
    chart.current = made;
    const watcher = new ResizeObserver(() => made.resize());
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.dispose();
      chart.current = undefined;
    };
  }, []);
  useEffect(() => {
    chart.current?.setOption(inScheme({ ...common(shown), ...option }, shown), {
      replaceMerge: ['series', 'xAxis', 'yAxis', 'grid', 'visualMap', 'graphic', 'title'],
    });
  }, [option, shown]);
  return <div ref={box} class="chart" role="img" aria-label={summary} style={{ height: `${height}px` }} />;
}

/** What every chart of the page has. */
function common(shown: Scheme): EChartsCoreOption {
  return { animation: false, darkMode: shown === 'dark', textStyle: { fontFamily: FONT } };
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif';

export interface ChartPanelProps extends ChartProps {
  readonly title: string;
  readonly unit?: string | undefined;
  readonly isWide?: boolean;
  readonly caption?: ComponentChildren;
  readonly tools?: ComponentChildren;
  /** The numbers, made when they are asked for. */
  readonly table: () => Table;
  /** Said in place of the chart, where there is nothing to draw. */
  readonly empty?: string | undefined;
}

/** A chart in its panel, with a switch between the picture and the numbers. */
export function ChartPanel({ title, unit, isWide, caption, tools, table, empty, ...chart }: ChartPanelProps) {
  const isTable = useSignal(false);
  const height = chart.height ?? DEFAULT_HEIGHT;
  const name = isTable.value ? 'Show as chart' : 'Show as table';
  const toggle = (
    <div class="tools">
      {tools}
      {empty === undefined && (
        <Button
          kind="quiet"
          isSmall
          title={name}
          aria-label={`${title}: ${name.toLowerCase()}`}
          onClick={() => (isTable.value = !isTable.value)}
        >
          {isTable.value ? <ChartIcon /> : <TableIcon />}
        </Button>
      )}
    </div>
  );
  return (
    <Panel title={title} unit={unit} isWide={isWide ?? false} caption={caption} tools={toggle}>
      {empty !== undefined && (
        <p class="chart-empty" style={{ height: `${height}px` }}>
          {empty}
        </p>
      )}
      {empty === undefined && isTable.value && <TableView caption={title} table={table()} height={height} />}
      {empty === undefined && !isTable.value && <Chart {...chart} />}
    </Panel>
  );
}
