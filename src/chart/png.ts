/** SVG as PNG, with fonts of our own: the same on every machine. For Node. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';

const FONTS = join(dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')), 'ttf');

/** @param factor pixels for one of the SVG's. Default 2. */
export function pngOf(svg: string, factor = 2): Uint8Array {
  const font = {
    fontFiles: ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) => join(FONTS, name)),
    loadSystemFonts: false,
    defaultFontFamily: 'DejaVu Sans',
    sansSerifFamily: 'DejaVu Sans',
  };
  // Cells of maps keep their edges, and the files are a fraction of those with blurred ones.
  const imageRendering = 1;
  return new Resvg(svg, { font, imageRendering, fitTo: { mode: 'zoom', value: factor } }).render().asPng();
}
