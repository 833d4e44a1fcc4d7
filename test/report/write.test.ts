import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, expect, it } from 'vitest';
import type { Page } from '#report/page/page.js';
import { openFolder } from '#report/write.js';
import { PAGE } from './helpers/figures.js';

const directory = mkdtempSync(join(tmpdir(), 'spikingrx-write-'));
afterAll(() => rmSync(directory, { recursive: true }));
const read = (path: string): Buffer => readFileSync(join(directory, path));
const quiet = (): void => undefined;
const filesIn = (): string[] => readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();
const stop = (what: string): void => {
  if (what === 'page') throw new Error('interrupted');
};
async function writeReport(page: Page, progress: (what: string) => void = quiet): Promise<string[]> {
  const folder = openFolder(directory);
  try {
    return await folder.write(page, progress);
  } finally {
    folder.discard();
  }
}

const FILES = [
  'figures/line.svg',
  'figures/line.png',
  'data/line.csv',
  'data/line.json',
  ...[1, 2, 3].flatMap((n) => [`figures/animated-${n}.svg`, `figures/animated-${n}.png`]),
  'data/animated.csv',
  'data/animated.json',
];

it('writes page, index, figures and data', async () => {
  const told: string[] = [];
  expect(await writeReport(PAGE, (what) => told.push(what))).toEqual([
    ...FILES,
    'report.json',
    'report.html',
  ]);
  expect(told).toEqual(['figure 1 of 2: line', 'figure 2 of 2: animated', 'page']);
  expect(readdirSync(directory).toSorted()).toEqual(['data', 'figures', 'report.html', 'report.json']);
  const index = JSON.parse(read('report.json').toString()) as {
    figures: { id: string; section: string; files: string[] }[];
  };
  expect(index.figures.map(({ id, section }) => [id, section])).toEqual([
    ['line', 'first'],
    ['animated', 'second'],
  ]);
  expect(index.figures.flatMap(({ files }) => files)).toEqual(FILES);
  // Standing alone, a figure follows the colours of the viewer; a picture is twice as fine as its size.
  expect(read('figures/line.svg').toString()).toContain('prefers-color-scheme:dark');
  const png = decode(read('figures/animated-2.png'));
  expect([png.width, png.height]).toEqual([640, 400]);
});

it('leaves the report before it as it was when it comes to nothing', async () => {
  const [before, html] = [filesIn(), read('report.html')];
  const other = { ...PAGE, title: 'Another', sections: PAGE.sections.slice(2) };
  await expect(writeReport(other, stop)).rejects.toThrow('interrupted');
  expect(filesIn()).toEqual(before);
  expect(read('report.html')).toEqual(html);
});

it('is refused where no folder can be', () => {
  writeFileSync(join(directory, 'file'), '');
  expect(() => openFolder(join(directory, 'file'))).toThrow(/^--out: cannot write to .*file: /);
  rmSync(join(directory, 'file'));
});

it('replaces the report before it, and nothing else', async () => {
  writeFileSync(join(directory, 'figures', 'mine.svg'), 'mine');
  const index = JSON.parse(read('report.json').toString()) as { figures: { files: string[] }[] };
  index.figures[0]?.files.push('../report.html', 'data/../figures/mine.svg', 'notes.txt');
  writeFileSync(join(directory, 'report.json'), JSON.stringify(index));
  writeFileSync(join(directory, 'notes.txt'), 'notes');
  await writeReport({ ...PAGE, sections: PAGE.sections.slice(0, 1) });
  expect(existsSync(join(directory, 'figures', 'animated-1.svg'))).toBe(false);
  expect(readdirSync(join(directory, 'data')).toSorted()).toEqual(['line.csv', 'line.json']);
  expect(read('notes.txt').toString()).toBe('notes');
  expect(read('figures/mine.svg').toString()).toBe('mine');
  writeFileSync(join(directory, 'report.json'), 'no JSON');
  expect(await writeReport(PAGE)).toHaveLength(FILES.length + 2);
});
