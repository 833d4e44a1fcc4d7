/** A report as one HTML file that needs nothing else. */
import { createHash } from 'node:crypto';
import { renderChart } from '../../chart/render.js';
import { VERSION } from '../../version.js';
import type { Facts } from '../facts.js';
import type { Figure } from '../figure.js';
import { escapeHtml, packedJson } from './html.js';
import { SCRIPT } from './script.js';
import { STYLE } from './style.js';

/** A section with its figures drawn. */
export interface PageSection {
  readonly id: string;
  readonly title: string;
  readonly intro: string;
  readonly figures: readonly Figure[];
}

export interface Page {
  readonly title: string;
  /** What the report is about, in groups. */
  readonly facts: readonly Facts[];
  readonly sections: readonly PageSection[];
  /** The command that makes this very report. */
  readonly command: string;
}

/** @returns the file's text. Figures are drawn in the light colours; the page exchanges them where it is dark. */
export function renderPage(page: Page): string {
  const { title, facts, sections, command } = page;
  const shown = sections.filter(({ figures }) => figures.length > 0);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="generator" content="spikingrx ${VERSION}">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<div class="page">
${contents(shown)}
<main>
<div class="top">
<div><h1>${escapeHtml(title)}</h1></div>
${themeChoice()}
</div>
<div class="facts">${facts.map(factList).join('\n')}</div>
<p>Made by SpikingRx ${VERSION}: <code>${escapeHtml(command)}</code></p>
${shown.map(sectionHtml).join('\n')}
</main>
</div>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** Nothing may be fetched from anywhere; the one script that runs is this page's own. */
function policy(): string {
  const hash = createHash('sha256').update(SCRIPT).digest('base64');
  return `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

function themeChoice(): string {
  return `<label class="theme needs-script" for="theme">Colours
<select id="theme"><option value="auto">as the system</option><option value="light">light</option><option value="dark">dark</option></select></label>`;
}

function contents(sections: readonly PageSection[]): string {
  const items = sections.map(({ id, title, figures }) => {
    const inner = figures.map((figure) => `<li>${anchor(`figure-${figure.id}`, figure.title)}</li>`);
    return `<li>${anchor(id, title)}<ul>${inner.join('')}</ul></li>`;
  });
  return `<nav aria-label="Contents"><details open><summary>Contents</summary><ul>${items.join('')}</ul></details></nav>`;
}

function anchor(id: string, text: string): string {
  return `<a href="#${escapeHtml(id)}">${escapeHtml(text)}</a>`;
}

function factList({ title, entries }: Facts): string {
  const rows = entries.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<section><h2>${escapeHtml(title)}</h2><dl>${rows.join('')}</dl></section>`;
}

function sectionHtml({ id, title, intro, figures }: PageSection): string {
  return `<section aria-labelledby="${id}">
<h2 id="${id}">${escapeHtml(title)}</h2>
<p>${escapeHtml(intro)}</p>
${figures.map(figureHtml).join('\n')}
</section>`;
}

function figureHtml(figure: Figure): string {
  const { id, title, caption, frames } = figure;
  const animated = frames.length > 1;
  // What can be scrolled or played must be reachable by keyboard.
  return `<figure id="figure-${id}"${animated ? ' data-animated' : ''}>
<h3 class="visually-hidden">${escapeHtml(title)}</h3>
<div class="plot" tabindex="0" role="group" aria-label="${escapeHtml(title)}">
${frames.map((_, index) => frameHtml(figure, index)).join('\n')}
</div>
${animated ? controls(figure) : ''}
<figcaption>${escapeHtml(caption)}</figcaption>
${numbersHtml(figure)}
</figure>`;
}

/** Characters of the packed numbers of a figure that the page holds itself; more of them lie in the files beside it. */
const MOST_DATA = 1_500_000;

function numbersHtml(figure: Figure): string {
  const { id, title, data } = figure;
  const svg = download(frameName(figure, 0), 'figures', 'svg', true);
  const packed = packedJson(data);
  const inPage = packed.length <= MOST_DATA;
  const files = ['csv', 'json'].map((format) => download(id, 'data', format, inPage)).join(' ');
  if (!inPage)
    return `<p class="links">Download: ${svg} · beside this page, too large to be in it (${data.rows.length} rows): ${files}</p>`;
  return `<p class="links">Download: ${files} ${svg}</p>
<details class="data needs-script"><summary>Numbers behind it (${data.rows.length} rows)</summary><div class="rows" tabindex="0" role="region" aria-label="Data of ${escapeHtml(title)}"><table></table></div></details>
<script type="application/zlib">${packed}</script>`;
}

/** @param inPage whether the page has the content itself, and gives it without the file */
function download(name: string, folder: string, format: string, inPage: boolean): string {
  const own = inPage ? ` data-format="${format}"` : '';
  return `<a href="${folder}/${name}.${format}"${own} download>${format.toUpperCase()}</a>`;
}

/** Of a frame's files, without their ending. */
export function frameName({ id, frames }: Figure, index: number): string {
  return frames.length === 1 ? id : `${id}-${index + 1}`;
}

function frameHtml(figure: Figure, index: number): string {
  const { title, size, frames } = figure;
  const { label, option } = frames[index] as Figure['frames'][number];
  const svg = renderChart(option, { size, scheme: 'light' })
    // Names inside one SVG are those of the whole page.
    .replaceAll(/\bzr-/g, `${frameName(figure, index)}-`)
    .replace(
      '<svg ',
      `<svg role="img" aria-label="${escapeHtml(label === '' ? title : `${title}: ${label}`)}" `,
    );
  return `<div class="frame" data-label="${escapeHtml(label)}" style="max-width:${size.width}px">${svg}</div>`;
}

function controls({ title, frames }: Figure): string {
  return `<div class="controls needs-script" role="group" aria-label="Animation of ${escapeHtml(title)}">
<button type="button" class="back" aria-label="Previous frame">‹</button>
<button type="button" class="play">Play</button>
<button type="button" class="on" aria-label="Next frame">›</button>
<input type="range" min="0" max="${frames.length - 1}" value="0" aria-label="Frame">
<output aria-live="off">${escapeHtml(frames[0]?.label ?? '')}</output>
</div>`;
}
