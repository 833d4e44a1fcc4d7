/** A chart on a canvas: follows its size and the scheme, and says in words and in a table what it shows. */
import type { EChartsCoreOption, EChartsType } from 'echarts/core';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { type Scheme, scheme } from '../theme.js';
import { init } from './echarts.js';
import { FigurePanel, type FigureText } from './figure-panel.js';
import { inScheme } from './scheme.js';

export interface ChartProps {
  /** In the light colours of src/chart; without animation, background and tooltip looks, which are the page's. */
  readonly option: EChartsCoreOption;
  /** What a reader of the screen is told in its place: a sentence with the figures that matter. */
  readonly summary: string;
  /** Pixels. Default 190. */
  readonly height?: number;
  /** As high as it is wide: for what has the same unit both ways. */
  readonly isSquare?: boolean;
}

const DEFAULT_HEIGHT = 190;

export function Chart({ option, summary, height = DEFAULT_HEIGHT, isSquare = false }: ChartProps) {
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
      replaceMerge: ['series', 'xAxis', 'yAxis', 'grid'],
    });
  }, [option, shown]);
  const style = isSquare ? { aspectRatio: '1' } : { height: `${height}px` };
  return <div ref={box} class="chart" role="img" aria-label={summary} style={style} />;
}

/** What every chart of the page has. */
function common(shown: Scheme): EChartsCoreOption {
  return { animation: false, darkMode: shown === 'dark', textStyle: { fontFamily: FONT } };
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif';

export type ChartPanelProps = ChartProps & FigureText;

/** A chart in its panel. */
export function ChartPanel({ option, summary, height = DEFAULT_HEIGHT, ...panel }: ChartPanelProps) {
  return (
    <FigurePanel {...panel} height={height}>
      <Chart option={option} summary={summary} height={height} />
    </FigurePanel>
  );
}
