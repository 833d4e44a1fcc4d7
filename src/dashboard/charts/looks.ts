import { LIGHT } from '../../chart/colours.js';

/** Of a tooltip: drawn in the canvas, as styles in markup are against the page's policy. */
export const TOOLTIP = {
  renderMode: 'richText' as const,
  confine: true,
  backgroundColor: LIGHT.surface,
  borderColor: LIGHT.muted,
  borderWidth: 1,
  padding: [6, 10],
  textStyle: { color: LIGHT.text, fontSize: 12, lineHeight: 17 },
  transitionDuration: 0,
};
