/** The files of a report. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pngOf } from '../chart/png.js';
import { renderChart } from '../chart/render.js';
import type { Facts } from './facts.js';
import type { Figure } from './figure.js';
import { frameName, type Page, renderPage } from './page/page.js';
import type { Progress } from './section.js';
import { formatCsv, formatJson } from './table.js';

export const PAGE_FILE = 'report.html';
/** What is in the folder: of use to programs, and to the next run, which replaces all of it. */
export const INDEX_FILE = 'report.json';

interface Index {
  readonly title: string;
  readonly command: string;
  readonly facts: readonly Facts[];
  readonly figures: readonly {
    readonly id: string;
    readonly section: string;
    readonly title: string;
    readonly caption: string;
    readonly files: readonly string[];
  }[];
}

/**
 * Writes `report.html`, `report.json`, `figures/<id>.{svg,png}` (numbered from 1 where a figure has several frames)
 * and `data/<id>.{csv,json}`; removes the files of a report that was there before.
 * @returns paths of the written files below `directory`
 */
export function writeReport(page: Page, directory: string, progress: Progress): string[] {
  removeOld(directory);
  for (const folder of ['', 'figures', 'data']) mkdirSync(join(directory, folder), { recursive: true });
  const written: string[] = [];
  const write = (path: string, content: string | Uint8Array): void => {
    writeFileSync(join(directory, path), content);
    written.push(path);
  };
  const figures = page.sections.flatMap(({ id, figures: own }) =>
    own.map((figure) => ({ section: id, figure })),
  );
  const index: Index = {
    title: page.title,
    command: page.command,
    facts: page.facts,
    figures: figures.map(({ section, figure }, i) => {
      progress(`figure ${i + 1} of ${figures.length}: ${figure.id}`);
      const files = [...filesOf(figure)];
      for (const [path, content] of files) write(path, content);
      const { id, title, caption } = figure;
      return { id, section, title, caption, files: files.map(([path]) => path) };
    }),
  };
  write(INDEX_FILE, `${JSON.stringify(index, null, 2)}\n`);
  write(PAGE_FILE, renderPage(page));
  return written;
}

function* filesOf(figure: Figure): Generator<readonly [path: string, content: string | Uint8Array]> {
  const { id, frames, size, data } = figure;
  for (const [i, { option }] of frames.entries()) {
    const path = `figures/${frameName(figure, i)}`;
    yield [`${path}.svg`, renderChart(option, { size })];
    yield [`${path}.png`, pngOf(renderChart(option, { size, scheme: 'light' }))];
  }
  yield [`data/${id}.csv`, formatCsv(data)];
  yield [`data/${id}.json`, formatJson(data)];
}

/** Only what the index of the old report names, and only in its own folders: the rest is somebody else's. */
function removeOld(directory: string): void {
  const path = join(directory, INDEX_FILE);
  if (!existsSync(path)) return;
  for (const file of filesIn(readFileSync(path, 'utf8')))
    if (/^(?:figures|data)\/[a-z0-9-]+\.(?:svg|png|csv|json)$/.test(file))
      rmSync(join(directory, file), { force: true });
}

function filesIn(json: string): string[] {
  try {
    const { figures } = JSON.parse(json) as Partial<Index>;
    return (figures ?? []).flatMap(({ files }) => files ?? []).map(String);
  } catch {
    return [];
  }
}
