/** Charts as SVG that stands alone. For Node: a page draws with echarts/core itself. */
import { type EChartsCoreOption, init } from 'echarts';
import { DARK_OF, LIGHT } from './colours.js';

/** `auto`: light, and dark where the viewer prefers it. */
export type ColourScheme = 'light' | 'dark' | 'auto';

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

/** Pictures fill their place; without what serves interaction in a page, and with names that do not count the charts drawn before. */
function still(svg: string): string {
  return svg
    .replaceAll(/<style[^]*?<\/style>\s*/g, '')
    .replaceAll(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
    .replaceAll(/ stroke="[^"]*" stroke-width="0"/g, '')
    .replaceAll('<image ', '<image preserveAspectRatio="none" ')
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
