/** What the figures share: layout, axes, looks of series. Runs in Node and in a page. */
import { LIGHT, SERIES_COLOURS } from './colours.js';

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

/** Of the lines below a title, pixels. */
const LINE_HEIGHT = 16;

/** Title and the line, or lines, below it. */
export function heading(text: string, below: string) {
  return {
    text,
    subtext: below,
    left: 16,
    top: 10,
    textStyle: { color: LIGHT.text, fontSize: 16 },
    subtextStyle: { color: LIGHT.muted, fontSize: 12, lineHeight: LINE_HEIGHT },
  };
}

/** The names of the series, below the plot. */
export function legend(names: readonly string[]) {
  // The fonts of the PNGs are wider than those that the layout reckons with.
  return { data: [...names], bottom: 8, itemWidth: 34, itemGap: 24, textStyle: { color: LIGHT.text } };
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
  const text = inLines(below.filter((part) => part !== undefined));
  return {
    title: heading(title, text),
    legend: legend(names),
    grid: { left: 72, right: 28, top: 74 + LINE_HEIGHT * (text.split('\n').length - 1), bottom: 86 },
  };
}

/** Characters that fit into a line below a title, in the widest font. */
const LINE = 100;

/** Parts one after the other, in a new line where the one before is full. */
function inLines(parts: readonly string[]): string {
  return parts.reduce((text, part) => {
    const line = text.slice(text.lastIndexOf('\n') + 1);
    if (line === '') return text + part;
    return line.length + part.length + 2 > LINE ? `${text}\n${part}` : `${text}; ${part}`;
  }, '');
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
