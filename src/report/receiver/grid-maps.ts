/** Values over the resource grid: maps of one scale beside and below each other. */
import type { EChartsCoreOption } from 'echarts';
import { heading } from '../../chart/chart.js';
import type { ColourScale } from '../../chart/colour-maps.js';
import { LIGHT } from '../../chart/colours.js';
import { colourBar, heatMap } from '../../chart/heat-map.js';
import { plotChart, type Place, tiles } from '../../chart/plots.js';
import type { Figure } from '../figure.js';

export interface GridMap {
  readonly title: string;
  /** `[nSym, nSc]`; NaN where there is nothing. */
  readonly values: ArrayLike<number>;
}

export interface GridMaps {
  readonly title: string;
  /** Below the title, a line for each `\n`. */
  readonly subtitle: string;
  readonly maps: readonly GridMap[];
  readonly shape: { readonly nSym: number; readonly nSc: number };
  readonly scale: ColourScale;
}

/** Pixels. */
const WIDTH = 860;
const LEFT = 58;
const RIGHT = 94;
const HEAD = 84;
const FOOT = 52;
const MAP_HEIGHT = 126;
const GAP = { x: 24, y: 34 };

/** A grid of many subcarriers takes the whole width. */
const WIDE_SUBCARRIERS = 144;

/** One chart of all maps, with the bar of their colours. */
export function gridMaps({ title, subtitle, maps, shape, scale }: GridMaps): {
  readonly option: EChartsCoreOption;
  readonly size: Figure['size'];
} {
  const across = shape.nSc > WIDE_SUBCARRIERS || maps.length === 1 ? 1 : 2;
  const down = Math.ceil(maps.length / across);
  const area: Place = {
    left: LEFT,
    top: HEAD,
    width: WIDTH - LEFT - RIGHT,
    height: down * MAP_HEIGHT + (down - 1) * GAP.y,
  };
  const places = tiles(area, maps.length, { across, gap: GAP });
  const panels = maps.map((map, i) => {
    const isLast = i + across >= maps.length;
    const isFirst = i % across === 0;
    return heatMap({
      place: places[i] as Place,
      title: map.title,
      // White is a value of some scales, too.
      empty: LIGHT.empty,
      plane: { rows: shape.nSym, columns: shape.nSc, values: map.values },
      scale,
      x: { name: isLast ? 'subcarrier' : '', bare: !isLast },
      y: { name: isFirst ? 'OFDM symbol' : '', bare: !isFirst, nameGap: 28 },
    });
  });
  return {
    option: plotChart([...panels, colourBar(scale, area)], { title: heading(title, subtitle) }),
    size: { width: WIDTH, height: area.top + area.height + FOOT },
  };
}

/** Puts values of the data REs, in codeword order, into the grid; NaN elsewhere. @returns `[nSym·nSc]` */
export function onGrid(values: ArrayLike<number>, order: Int32Array, size: number): Float32Array {
  const grid = new Float32Array(size).fill(Number.NaN);
  order.forEach((re, i) => (grid[re] = values[i] as number));
  return grid;
}
