/** Many points as one path: thousands of shapes would make a picture heavy. */
import type { CustomSeriesOption } from 'echarts';

export interface Dots {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly colour: string;
  /** Diameter in pixels. */
  readonly size: number;
  readonly opacity: number;
  /** For the legend. */
  readonly name?: string;
}

/** Points beyond the axes are left out. */
export function dots({ points, colour, size, opacity, name }: Dots): CustomSeriesOption {
  return {
    type: 'custom',
    silent: true,
    ...(name !== undefined && { name }),
    itemStyle: { color: colour },
    data: [[0, 0]],
    renderItem: ({ coordSys }, api) => {
      const box = coordSys as unknown as { x: number; y: number; width: number; height: number };
      const isInside = ([x, y]: number[]) =>
        (x as number) >= box.x &&
        (x as number) <= box.x + box.width &&
        (y as number) >= box.y &&
        (y as number) <= box.y + box.height;
      const places = points.map((point) => api.coord([...point])).filter(isInside);
      return {
        type: 'path',
        // A line of almost no length with a round end is a dot.
        shape: { pathData: places.map(([x, y]) => `M${tenth(x)} ${tenth(y)}h.1`).join('') },
        style: { fill: 'none', stroke: colour, lineWidth: size, lineCap: 'round', opacity },
      };
    },
  };
}

function tenth(value: number | undefined): string {
  return (value ?? 0).toFixed(1);
}
