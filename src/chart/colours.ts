/** Colours of the curves. Okabe and Ito's set, darkened or lightened to stand out from both surfaces. */

/** `empty`: of a map, where it has no values; neither white, which is one, nor the surface. */
export const LIGHT = {
  surface: '#ffffff',
  text: '#1f2328',
  muted: '#59636e',
  grid: '#e4e7eb',
  empty: '#9b9ea2',
} as const;
export const DARK = {
  surface: '#0d1117',
  text: '#e6edf3',
  muted: '#9198a1',
  grid: '#262c36',
  empty: '#484d54',
} as const;

const SERIES: readonly (readonly [light: string, dark: string])[] = [
  ['#0064a8', '#58a6ff'],
  ['#c04f00', '#f0883e'],
  ['#00795a', '#3fb98f'],
  ['#a8417f', '#e08bc0'],
  ['#7a6200', '#d9b93a'],
  ['#4b5560', '#adb5bd'],
];

export const SERIES_COLOURS: readonly string[] = SERIES.map(([light]) => light);

/** Of limits and thresholds, beside the series. */
export const RED = '#cf222e';
const DARK_RED = '#ff7b72';

/** The dark colour for each light one. */
export const DARK_OF: ReadonlyMap<string, string> = new Map([
  ...(['surface', 'text', 'muted', 'grid', 'empty'] as const).map(
    (role) => [LIGHT[role], DARK[role]] as const,
  ),
  ...SERIES,
  [RED, DARK_RED] as const,
]);
