import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { RestLlrClient } from '#client/index.js';
import { newApiKey } from '#server/access/api-keys.js';
import { hasTool } from '../helpers/tools.js';
import { grid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';
import { colouredPixels, faintTexts, launch, overflow, visit, type Visit } from './helpers/browser.js';

const VIEWS = ['Live', 'Playground', 'Service', 'Latest request'] as const;

describe.skipIf(!hasTool('chromium'))('the page', () => {
  let browser: Browser;
  let service: TestService;
  let live: Visit;
  let client: RestLlrClient;
  let folder: string;
  const { key, entry } = newApiKey({ id: 'viewer', scopes: ['infer', 'metrics', 'admin'] });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spikingrx-page-'));
    const apiKeysFile = join(folder, 'keys.yaml');
    await writeFile(apiKeysFile, stringify({ keys: [entry] }));
    const settings = { apiKeysFile, dashboardRequest: true };
    [browser, service] = await Promise.all([launch(), startTestService(settings)]);
    client = new RestLlrClient({ baseUrl: service.url, token: key });
    // So that there is something to see: grids that are answered, in batches, and one that is refused.
    const grids = Array.from({ length: 24 }, (_, seed) => client.compute([grid({ seed: seed + 1 })]));
    await Promise.all(grids);
    await client.compute([grid({ nRx: 3 })]).catch(() => undefined);
    live = await visit(browser, service.url);
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
    await rm(folder, { recursive: true });
  });

  const view = async (name: (typeof VIEWS)[number]) =>
    live.page.getByRole('navigation').getByRole('link', { name, exact: true }).click();

  it('asks for the key that the service wants, and goes on with it', async () => {
    const { page, troubles } = live;
    const field = page.getByLabel('API key or token');
    await field.fill('not this one');
    await field.press('Enter');
    await page.getByText('The service does not take this key.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('status').getByText('Key needed').waitFor();
    await page.getByRole('button', { name: 'Use another key, or none' }).click();
    await field.fill(key);
    await page.getByRole('button', { name: 'Use key' }).click();
    await page.getByRole('status').getByText('Ready', { exact: true }).waitFor();
    expect(await page.evaluate(() => sessionStorage.getItem('spikingrx.key'))).toBe(key);
    // The browser's own lines about what was refused without the key.
    expect(new Set(troubles.splice(0))).toEqual(
      new Set(['Failed to load resource: the server responded with a status of 401 (Unauthorized)']),
    );
  });

  it('tells that the service is ready, and with which models', async () => {
    const { page } = live;
    await page.getByText('random 2 and 2 more · cpu').waitFor();
    expect(await page.title()).toBe('Live · SpikingRx');
    await view('Service');
    const rows = page.getByRole('region', { name: 'Models' }).getByRole('row');
    await rows.filter({ hasText: /random\s*2\s*default\s*ready/ }).waitFor();
    expect(await rows.count()).toBe(1 + 3);
    await view('Live');
  });

  it('draws what was served, as charts and as numbers', async () => {
    const { page } = live;
    const tile = page.locator('.tile', { hasText: 'Throughput' });
    await tile.getByText('24 in this window').waitFor();
    await page
      .locator('.tile', { hasText: 'Failed' })
      .getByText(/^1\s*grid$/)
      .waitFor();
    for (const panel of ['Throughput', 'Latency', 'Latency by stage', 'Batch sizes', 'Errors', 'Memory'])
      expect([panel, (await colouredPixels(page, panel)) > 20]).toEqual([panel, true]);
    await page.getByRole('button', { name: 'Errors: show as table' }).click();
    const errors = page.getByRole('region', { name: 'Errors', exact: true }).first();
    await errors.getByRole('columnheader', { name: 'INVALID_ARGUMENT' }).waitFor();
    await page.getByRole('button', { name: 'Batch sizes: show as table' }).click();
    const cells = await page.getByRole('table', { name: 'Batch sizes' }).getByRole('cell').allTextContents();
    const rows = Array.from({ length: cells.length / 3 }, (_, i) =>
      cells.slice(3 * i, 3 * i + 2).map(Number),
    );
    // Of every size so many batches: together the grids that were answered.
    expect(rows.reduce((sum, [size = 0, count = 0]) => sum + size * count, 0)).toBe(24);
    const summary = await page.getByRole('img', { name: /^Throughput\. answered: latest / }).count();
    expect(summary).toBe(1);
  });

  it('shows another window, another percentile, and stands still on request', async () => {
    const { page } = live;
    await page.getByRole('radio', { name: '5 min' }).press('ArrowRight');
    expect(await page.getByRole('radio', { name: '10 min' }).isChecked()).toBe(true);
    await page.getByRole('combobox', { name: 'Percentile' }).selectOption('p50');
    await page.getByRole('button', { name: 'Pause' }).click();
    const paused = await page.getByText(/^Paused at/).textContent();
    await client.compute([grid()]);
    const answered = page.locator('.tile', { hasText: 'Throughput' });
    expect(await answered.textContent()).toContain('24 in this window');
    expect(await page.getByText(/^Paused at/).textContent()).toBe(paused);
    await page.getByRole('button', { name: 'Go on' }).click();
    await answered.getByText('25 in this window').waitFor();
  });

  it('is used by keys alone', async () => {
    const { page } = live;
    await page.reload();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toBe('Skip to the view');
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').getAttribute('id')).toBe('main');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText(/^Paused at/).waitFor();
    await page.getByRole('button', { name: 'Go on' }).click();
  });

  it('is readable in light and dark, also on a phone', async () => {
    const { page } = live;
    const theme = page.getByRole('button', { name: /^Colours/ });
    for (const scheme of ['light', 'dark']) {
      await theme.click();
      expect(await page.locator('html').getAttribute('data-theme')).toBe(scheme);
      for (const name of VIEWS) {
        await view(name);
        await page.getByRole('heading', { level: 1, name }).waitFor();
        for (const width of [360, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          expect([name, scheme, width, await faintTexts(page)]).toEqual([name, scheme, width, []]);
          expect([name, scheme, width, await overflow(page)]).toEqual([name, scheme, width, 0]);
        }
      }
    }
    // Paler, they would be seen.
    await page.evaluate(() => document.documentElement.style.setProperty('--muted', '#5a5f66'));
    expect(await faintTexts(page)).not.toEqual([]);
    await page.evaluate(() => document.documentElement.style.removeProperty('--muted'));
    await theme.click();
    await page.setViewportSize({ width: 1280, height: 900 });
    await view('Live');
  });

  it('shows the latest request, cell by cell and in a table', async () => {
    const { page } = live;
    await view('Latest request');
    await page.getByText('2 antennas, id 0').waitFor();
    for (const panel of ['Received grid', 'LLR map', 'LLR histogram'])
      expect([panel, (await colouredPixels(page, panel)) > 20]).toEqual([panel, true]);
    const map = page.getByRole('img', { name: /^LLRs of bit b0/ });
    await map.press('Home');
    await page.getByText(/^symbol 0, subcarrier 0: LLR of b0 −?\d/).waitFor();
    await page.getByRole('combobox', { name: 'Bit' }).selectOption('bit b1');
    await page.getByRole('img', { name: /^LLRs of bit b1/ }).waitFor();
    await page.getByRole('button', { name: 'LLR map: show as table' }).click();
    const rows = page.getByRole('table', { name: 'LLR map' }).getByRole('row');
    expect(await rows.count()).toBe(1 + 14);
    await view('Live');
  });

  it('asks for nothing that is on the other port, and says where that is', async () => {
    const apart = await startTestService({ adminPort: 0 });
    const onPublic = await visit(browser, apart.url);
    await onPublic.page.getByRole('status').getByText('No live data').waitFor();
    await onPublic.page.getByText(/has a port for operators/).waitFor();
    const onAdmin = await visit(browser, `http://127.0.0.1:${apart.server.adminPort}/#/playground`);
    await onAdmin.page.getByText(/on the page of the port that answers grids/).waitFor();
    await onAdmin.page.getByRole('status').getByText('Ready', { exact: true }).waitFor();
    expect([...onPublic.troubles, ...onAdmin.troubles]).toEqual([]);
    for (const { page } of [onPublic, onAdmin]) await page.context().close();
    await apart.close();
  });

  it('has loaded nothing from elsewhere, and nothing went wrong', () => {
    expect(live.troubles).toEqual([]);
  });

  it('says so when the service goes', async () => {
    await service.server.close();
    const state = live.page.getByRole('status').getByText('Reconnecting …');
    await state.waitFor();
    expect(await state.getAttribute('title')).not.toBe('');
  });
});
