/** What all figures have in common: axes, title, colours of both surfaces. */
import { DARK_OF, LIGHT } from './curve-colours.js';

/** `auto`: light, and dark where the viewer prefers it. */
export type ColourScheme = 'light' | 'dark' | 'auto';

export const titleStyle = {
  left: 16,
  top: 10,
  textStyle: { color: LIGHT.text, fontSize: 16 },
  subtextStyle: { color: LIGHT.muted, fontSize: 12, lineHeight: 16 },
};

export const axisStyle = {
  axisLine: { show: true, lineStyle: { color: LIGHT.muted } },
  axisTick: { lineStyle: { color: LIGHT.muted } },
  axisLabel: { color: LIGHT.muted },
  nameTextStyle: { color: LIGHT.text },
  splitLine: { show: true, lineStyle: { color: LIGHT.grid } },
};

/** A chart as it was rendered in the light colours, as a file of its own in a scheme. Default `auto`. */
export function finished(svg: string, scheme: ColourScheme = 'auto'): string {
  return coloured(still(svg), scheme);
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
