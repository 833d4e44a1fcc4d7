/** The files of a report. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { SpikingRxError } from '../errors.js';
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

/** Where a report is until all of it is there, below its folder. */
const UNFINISHED = '.unfinished';
const FOLDERS = ['figures', 'data'] as const;

/** A folder that a report will be written to: the report that is there stays whole until the new one is. */
export interface ReportFolder {
  /**
   * Writes `report.html`, `report.json`, `figures/<id>.{svg,png}` (numbered from 1 where a figure has several frames)
   * and `data/<id>.{csv,json}`, and puts them in the place of the report that was there before.
   * @returns paths of the written files below the folder
   */
  readonly write: (page: Page, progress: Progress) => Promise<string[]>;
  /** Leaves nothing behind of what is not finished. */
  readonly discard: () => void;
}

/** @throws FAILED_PRECONDITION when nothing can be written there: now, rather than once all is drawn. */
export function openFolder(directory: string): ReportFolder {
  const unfinished = join(directory, UNFINISHED);
  const discard = (): void => rmSync(unfinished, { recursive: true, force: true });
  try {
    discard();
    for (const folder of FOLDERS) mkdirSync(join(unfinished, folder), { recursive: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SpikingRxError('FAILED_PRECONDITION', `--out: cannot write to ${directory}: ${reason}`, {
      cause,
    });
  }
  return {
    write: async (page, progress) => {
      const files = await writeFiles(page, unfinished, progress);
      removeOld(directory);
      for (const folder of FOLDERS) mkdirSync(join(directory, folder), { recursive: true });
      for (const file of files) renameSync(join(unfinished, file), join(directory, file));
      return files;
    },
    discard,
  };
}

async function writeFiles(page: Page, directory: string, progress: Progress): Promise<string[]> {
  const written: string[] = [];
  const write = (path: string, content: string | Uint8Array): void => {
    writeFileSync(join(directory, path), content);
    written.push(path);
  };
  const all = page.sections.flatMap(({ id, figures }) => figures.map((figure) => ({ section: id, figure })));
  const figures: Index['figures'][number][] = [];
  for (const [i, { section, figure }] of all.entries()) {
    // Drawing never waits for anything: signals are heard between two figures.
    await turn();
    progress(`figure ${i + 1} of ${all.length}: ${figure.id}`);
    const files = [...filesOf(figure)];
    for (const [path, content] of files) write(path, content);
    const { id, title, caption } = figure;
    figures.push({ id, section, title, caption, files: files.map(([path]) => path) });
  }
  const { title, command, facts } = page;
  const index: Index = { title, command, facts, figures };
  await turn();
  progress('page');
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
