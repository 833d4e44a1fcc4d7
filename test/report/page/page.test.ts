import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Random } from '#phy/random.js';
import { type PageSection, renderPage } from '#report/page/page.js';
import { formatCsv } from '#report/table.js';
import { hasChromium, launchChromium, type Watched, watchPage } from '../../helpers/browser.js';
import { ANIMATED, LINE, PAGE } from '../helpers/figures.js';

describe('the file', () => {
  const html = renderPage(PAGE);

  it('is the same each time', () => {
    expect(renderPage(PAGE)).toBe(html);
  });

  it('says nothing in its texts that HTML would understand', () => {
    expect(html).toContain('<title>Report of &lt;x&gt;</title>');
    expect(html).toContain('Read it &quot;so&quot; &amp; &lt;so&gt;.');
    // The page's own, and the data of each figure.
    expect(html.match(/<\/script>/g)).toHaveLength(3);
  });

  it('leaves out sections without figures', () => {
    expect(html).not.toContain('Nothing to show.');
  });

  it('leaves out numbers that would make it large, and says where they are', () => {
    const random = Random.fromSeed(1);
    const rows = Array.from({ length: 200_000 }, () => [random.normal()]);
    const large = { ...LINE, data: { columns: ['value'], rows } };
    const [first] = PAGE.sections as [PageSection];
    const text = renderPage({ ...PAGE, sections: [{ ...first, figures: [large] }] });
    expect(text).toContain('too large to be in it (200000 rows): <a href="data/line.csv" download>CSV</a>');
    expect(text.length).toBeLessThan(40_000);
  });

  it('has names in its figures that are those of one figure', () => {
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) < i)).toEqual([]);
    const targets = [...html.matchAll(/url\(#([^)]+)\)|href="#([^"]+)"/g)].map(([, a, b]) => a ?? b);
    expect(targets.length).toBeGreaterThan(4);
    expect(targets.filter((id) => !ids.includes(id))).toEqual([]);
  });
});

describe.skipIf(!hasChromium())('in a browser', () => {
  const directory = mkdtempSync(join(tmpdir(), 'spikingrx-page-'));
  const file = join(directory, 'report.html');
  let browser: Browser;
  let page: Page;
  let watched: Watched;
  const url = pathToFileURL(file).href;
  beforeAll(async () => {
    writeFileSync(file, renderPage(PAGE));
    browser = await launchChromium();
    page = await browser.newPage({ colorScheme: 'light' });
    await page.clock.install();
    watched = watchPage(page);
  });
  beforeEach(async () => {
    await page.emulateMedia({ colorScheme: 'light', media: 'screen' });
    await page.goto(url);
    await page.getByLabel('Colours').selectOption('auto');
  });
  afterAll(async () => {
    await browser.close();
    rmSync(directory, { recursive: true });
  });

  const background = () =>
    page
      .locator('body')
      .evaluate((body) => body.ownerDocument.defaultView?.getComputedStyle(body).backgroundColor);
  const surface = () =>
    page
      .locator('#figure-line svg > rect')
      .first()
      .evaluate((rect) => rect.ownerDocument.defaultView?.getComputedStyle(rect).fill);
  const colours = async () => [await background(), await surface()];
  const [WHITE, DARK] = ['rgb(255, 255, 255)', 'rgb(13, 17, 23)'];

  it('steps through an animation by buttons, slider and keys', async () => {
    const figure = page.locator('#figure-animated');
    const shown = async () => [
      await figure.locator('output').textContent(),
      await figure.locator('.frame:visible').count(),
    ];
    expect(await shown()).toEqual(['step 1 of 3', 1]);
    await figure.getByRole('button', { name: 'Next frame' }).click();
    expect(await shown()).toEqual(['step 2 of 3', 1]);
    expect(await figure.locator('.frame:visible').textContent()).toContain('column of 2');
    await figure.getByRole('button', { name: 'Previous frame' }).click();
    await figure.getByRole('button', { name: 'Previous frame' }).click();
    expect(await shown()).toEqual(['step 3 of 3', 1]);
    await figure.getByRole('slider').fill('1');
    expect(await shown()).toEqual(['step 2 of 3', 1]);
    await figure.locator('.plot').press('ArrowRight');
    expect(await shown()).toEqual(['step 3 of 3', 1]);
    await figure.locator('.plot').press('ArrowLeft');
    expect(await shown()).toEqual(['step 2 of 3', 1]);
    expect(await page.locator('#figure-line').getByRole('button').count()).toBe(0);
  });

  it('plays an animation until it is stopped, and only once for whoever wants little motion', async () => {
    const figure = page.locator('#figure-animated');
    const label = () => figure.locator('output').textContent();
    const play = figure.getByRole('button', { name: 'Play' });
    await play.click();
    await page.clock.runFor(2000);
    expect(await label()).toBe('step 3 of 3');
    await page.clock.runFor(1000);
    expect(await label()).toBe('step 1 of 3');
    await figure.locator('.plot').press(' ');
    await page.clock.runFor(5000);
    expect([await label(), await play.count()]).toEqual(['step 1 of 3', 1]);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await play.click();
    await page.clock.runFor(20_000);
    expect([await label(), await play.count()]).toEqual(['step 3 of 3', 1]);
  });

  it('follows the colours of the system, or those that are chosen', async () => {
    expect(await colours()).toEqual([WHITE, WHITE]);
    await page.getByLabel('Colours').selectOption('dark');
    expect(await colours()).toEqual([DARK, DARK]);
    await page.reload();
    expect(await colours()).toEqual([DARK, DARK]);
    await page.getByLabel('Colours').selectOption('auto');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await colours()).toEqual([DARK, DARK]);
    await page.getByLabel('Colours').selectOption('light');
    expect(await colours()).toEqual([WHITE, WHITE]);
  });

  it('gives the numbers behind a figure, and the figure', async () => {
    const figure = page.locator('#figure-line');
    const downloaded = async (name: string, within = '#figure-line'): Promise<[string, string]> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.locator(within).getByRole('link', { name }).click(),
      ]);
      return [download.suggestedFilename(), readFileSync(await download.path(), 'utf8')];
    };
    expect(await downloaded('CSV')).toEqual(['line.csv', formatCsv(LINE.data)]);
    const [name, json] = await downloaded('JSON');
    expect([name, JSON.parse(json)]).toEqual(['line.json', LINE.data]);
    const [svgName, svg] = await downloaded('SVG');
    expect(svgName).toBe('line.svg');
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    await page.locator('#figure-animated').getByRole('button', { name: 'Next frame' }).click();
    expect((await downloaded('SVG', '#figure-animated'))[0]).toBe('animated-2.svg');
    await figure.getByText('Numbers behind it (3 rows)').click();
    expect(await figure.locator('tr').last().locator('td').allTextContents()).toEqual([
      '0.5',
      '</script><!--',
    ]);
    const long = page.locator('#figure-animated');
    await long.getByText('Numbers behind it (600 rows)').click();
    await long.getByText('… 100 more: see CSV or JSON').waitFor();
    expect(await long.locator('tr').count()).toBe(1 + 500 + 1);
  });

  it('fits a phone, with its contents folded away', async () => {
    const size = page.viewportSize();
    await page.setViewportSize({ width: 360, height: 700 });
    await page.reload();
    expect(await page.locator('html').evaluate((root) => root.scrollWidth)).toBe(360);
    expect(await page.locator('nav a:visible').count()).toBe(0);
    await page.getByText('Contents').click();
    await page.getByRole('link', { name: 'Steps' }).click();
    expect(page.url()).toMatch(/#figure-animated$/);
    if (size !== null) await page.setViewportSize(size);
  });

  it('shows all frames on white paper, and without its script', async () => {
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.locator('#figure-animated .frame:visible').count()).toBe(ANIMATED.frames.length);
    expect(await background()).toBe(WHITE);
    for (const screenOnly of ['nav', '.controls', '.theme', '.links', 'details'])
      expect(await page.locator(`${screenOnly}:visible`).count()).toBe(0);
    const plain = await browser.newPage({ javaScriptEnabled: false });
    await plain.goto(url);
    expect(await plain.locator('#figure-animated .frame:visible').count()).toBe(ANIMATED.frames.length);
    expect(await plain.locator('.controls:visible').count()).toBe(0);
  });

  it('has asked for nothing but itself, and complained about nothing, in all of this', () => {
    expect(new Set(watched.requests)).toEqual(new Set([url]));
    expect(watched.problems).toEqual([]);
  });
});
