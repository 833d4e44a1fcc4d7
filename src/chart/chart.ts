/** What the figures share: layout, axes, looks of series, and SVG that stands alone. */
import { type EChartsCoreOption, init } from 'echarts';
import { DARK_OF, LIGHT, SERIES_COLOURS } from './colours.js';

/** `auto`: light, and dark where the viewer prefers it. */
export type ColourScheme = 'light' | 'dark' | 'auto';

const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond'] as const;
const DASHES = ['solid', 'dashed', 'dotted'] as const;

/** Colour, symbol and dashes of the series of this index. */
export function seriesLook(index: number) {
  const color = SERIES_COLOURS[index % SERIES_COLOURS.length] as string;
  const type = DASHES[Math.floor(index / SERIES_COLOURS.length) % DASHES.length] ?? 'solid';
  return {
    symbol: SYMBOLS[index % SYMBOLS.length] as string,
    symbolSize: 7,
    lineStyle: { color, width: 2, type },
    itemStyle: { color },
  };
}

/** Title and the line, or lines, below it. */
export function heading(text: string, below: string) {
  return {
    text,
    subtext: below,
    left: 16,
    top: 10,
    textStyle: { color: LIGHT.text, fontSize: 16 },
    subtextStyle: { color: LIGHT.muted, fontSize: 12, lineHeight: 16 },
  };
}

/** The names of the series, below the plot. */
export function legend(names: readonly string[]) {
  return { data: [...names], bottom: 8, itemWidth: 34, textStyle: { color: LIGHT.text } };
}

export interface ChartText {
  readonly title: string;
  /** Parts of the line below the title. */
  readonly below: readonly (string | undefined)[];
  /** Names of the series in the legend. */
  readonly names: readonly string[];
}

/** Heading, plot and legend, one above the other. */
export function layout({ title, below, names }: ChartText) {
  return {
    title: heading(title, below.filter(Boolean).join('; ')),
    legend: legend(names),
    grid: { left: 72, right: 28, top: 74, bottom: 86 },
  };
}

export const axisStyle = {
  axisLine: { show: true, lineStyle: { color: LIGHT.muted }, onZero: false },
  axisTick: { lineStyle: { color: LIGHT.muted } },
  axisLabel: { color: LIGHT.muted },
  nameTextStyle: { color: LIGHT.text },
  splitLine: { show: true, lineStyle: { color: LIGHT.grid } },
};

export function xAxisStyle(name: string) {
  return { ...axisStyle, type: 'value' as const, name, nameLocation: 'middle' as const, nameGap: 30 };
}

export function yAxisStyle(name: string) {
  return { ...axisStyle, name, nameLocation: 'middle' as const, nameGap: 52 };
}

/** Decades, with the lines between them. */
export const logarithmicAxis = {
  type: 'log' as const,
  minorTick: { show: true, splitNumber: 9, lineStyle: { color: LIGHT.muted } },
  minorSplitLine: { show: true, lineStyle: { color: LIGHT.grid, opacity: 0.6 } },
  axisLabel: { color: LIGHT.muted, formatter: power },
};

/** 0.001 as 10⁻³. */
function power(value: number): string {
  const exponent = Math.round(Math.log10(value));
  const superscript = String(Math.abs(exponent)).replaceAll(/\d/g, (digit) =>
    '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit)),
  );
  return exponent === 0 ? '1' : `10${exponent < 0 ? '⁻' : ''}${superscript}`;
}

export interface RenderOptions {
  /** Pixels. Default 760 × 500. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Default `auto`. */
  readonly scheme?: ColourScheme | undefined;
}

/** Draws a chart that is given in the light colours. @returns an SVG file of its own */
export function renderChart(option: EChartsCoreOption, { size, scheme }: RenderOptions = {}): string {
  const { width, height } = size ?? { width: 760, height: 500 };
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: LIGHT.surface,
      aria: { enabled: true },
      ...option,
    });
    return coloured(still(chart.renderToSVGString()), scheme ?? 'auto');
  } finally {
    // A chart that is left keeps the process from ending.
    chart.dispose();
  }
}

/** Without what serves interaction in a page, and with names that do not count the charts drawn before. */
function still(svg: string): string {
  return svg
    .replaceAll(/<style[^]*?<\/style>\s*/g, '')
    .replaceAll(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
    .replaceAll(/ stroke="[^"]*" stroke-width="0"/g, '')
    .replaceAll(/\bzr\d+-/g, 'zr-');
}

/** Puts the colours of a scheme in place of the light ones. */
function coloured(svg: string, scheme: ColourScheme): string {
  if (scheme === 'light') return svg;
  if (scheme === 'dark')
    return svg.replaceAll(/#[0-9a-f]{6}\b/gi, (colour) => DARK_OF.get(colour.toLowerCase()) ?? colour);
  const rules = [...DARK_OF].flatMap(([light, dark]) =>
    (['fill', 'stroke'] as const).map((paint) => `[${paint}="${light}"]{${paint}:${dark}}`),
  );
  const style = `<style>@media (prefers-color-scheme:dark){${rules.join('')}}</style>`;
  return svg.replace(/(<svg[^>]*>)/, `$1\n${style}`);
}
