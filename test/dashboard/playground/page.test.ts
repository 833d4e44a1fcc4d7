import type { Browser, Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { interleave } from '#client/types.js';
import type { ChannelName } from '#dashboard/playground/setup.js';
import type { PlaySlot } from '#dashboard/playground/slots.js';
import { writeRecording } from '#dumps/sigmf/write.js';
import { drawBundle, TemporaryFolder } from '../../dumps/helpers/bundles.js';
import { modelFolder, spikingRxModel } from '../../engine/helpers/models.js';
import { hasTool } from '../../helpers/tools.js';
import { startTestService, type TestService } from '../../server/helpers/service.js';
import { colouredPixels, launch, visit, type Visit } from '../helpers/browser.js';
import { dropOn, filesIn, sentFrom, slotOf, tileOf, waitForWrongBits } from '../helpers/playground.js';

const temporary = new TemporaryFolder();

/** With what the test of the controls puts into them. */
const changedSlot = (channel: ChannelName, seed: number, snrDb: number) =>
  slotOf((form) => {
    form.nPrb.set(3);
    form.pilots.symbols.value = '3';
    form.pilots.type.value = '2';
    form.pilots.groups.value = '3';
    form.delaySpreadNs.set(300);
    form.dopplerHz.set(400);
    form.channel.value = channel;
    form.seed.set(seed);
    form.snrDb.set(snrDb);
  });

const pilots = (query: URLSearchParams): unknown => JSON.parse(String(query.get('dmrsConfig')));

describe.skipIf(!hasTool('chromium'))('the playground', () => {
  let browser: Browser;
  let service: TestService;
  let models: Awaited<ReturnType<typeof modelFolder>>;
  let visited: Visit;
  let page: Page;
  beforeAll(async () => {
    models = await modelFolder({
      one: { '1': spikingRxModel({ nRx: 1 }, 1) },
      two: { '1': spikingRxModel({ nRx: 2 }, 2) },
    });
    const settings = {
      modelsDir: models.path,
      defaultModel: 'two',
      modelControl: 'explicit',
      spikesMaxPrb: 12,
    };
    [browser, service] = await Promise.all([launch(), startTestService(settings)]);
    visited = await visit(browser, `${service.url}/#/playground`);
    page = visited.page;
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
    await models.remove();
    temporary.remove();
  });

  const panel = (name: string) => page.getByRole('region', { name, exact: true });
  const tile = (name: string) => tileOf(page, name);
  const sentBy = async (action: () => Promise<unknown>) => sentFrom(page, action);
  const expectWrongBits = async (slot: PlaySlot) => waitForWrongBits(page, slot, service.rest);

  it('sends a slot as it opens, and counts what every receiver got wrong of it', async () => {
    await expectWrongBits(slotOf());
    expect(await page.getByLabel('Model').inputValue()).toBe('two/1');
    for (const name of ['Received grid', 'Constellation', 'LLR map', 'LLR histogram', 'Bit error rate'])
      expect([name, (await colouredPixels(page, name)) > 50]).toEqual([name, true]);
    const row = panel('Bit error rate').getByRole('row', { name: /^SpikingRx/ });
    expect(await row.getByRole('cell').nth(2).textContent()).toBe('3,744');
  });

  it('sends again what each control says', async () => {
    const fill = (label: string, text: string) => async () =>
      page.getByLabel(label, { exact: true }).fill(text);
    const select = (label: string, value: string) => async () =>
      page.getByLabel(label, { exact: true }).selectOption(value);
    // Not looked at here.
    await page.getByRole('checkbox', { name: 'Show spikes' }).uncheck();
    expect((await sentBy(fill('Resource blocksPRB', '3'))).get('shape')).toBe('2,14,36');
    expect(pilots(await sentBy(fill('DMRS symbols', '3')))).toMatchObject({ symbolPositions: [3] });
    expect(pilots(await sentBy(select('DMRS type', '2')))).toMatchObject({ configType: 2 });
    expect(pilots(await sentBy(select('CDM groups without data', '3')))).toMatchObject({
      cdmGroupsWithoutData: 3,
    });
    for (const action of [
      fill('Delay spreadns', '300'),
      fill('Doppler shiftHz', '400'),
      select('Channel', 'TDL-E'),
      fill('Seed', '9'),
      fill('SNR, exact value', '15'),
    ])
      await sentBy(action);
    await expectWrongBits(changedSlot('TDL-E', 9, 15));
    await sentBy(select('Channel', 'TDL-A30'));
    expect(await page.getByLabel('Delay spreadns', { exact: true }).isDisabled()).toBe(true);
    await sentBy(select('Channel', 'awgn'));
    expect(await page.getByLabel('Doppler shiftHz', { exact: true }).isDisabled()).toBe(true);
    expect((await sentBy(select('Model', 'one/1'))).get('model')).toBe('one');
    await sentBy(select('Model', 'two/1'));
    await sentBy(async () => page.getByRole('button', { name: 'Send another slot' }).click());
    expect(await page.getByLabel('Seed').inputValue()).toBe('10');
  });

  it('says by the field what is wrong with it, and sends nothing', async () => {
    const bad = [
      ['Resource blocksPRB', '300', 'Enter a whole number from 1 to 273.'],
      ['DMRS symbols', '2 14', 'Enter symbols from 0 to 13 in ascending order, such as 2, 11.'],
      ['SNR, exact value', 'high', '“high” is not a number. Enter a number from -5 to 35.'],
    ] as const;
    const requests: string[] = [];
    const note = (request: Request) => request.url().includes('/v1/llr?') && requests.push(request.url());
    page.on('request', note);
    for (const [label, text, message] of bad) {
      const field = page.getByLabel(label, { exact: true });
      const before = await field.inputValue();
      await field.fill(text);
      const described = (await field.getAttribute('aria-describedby'))!;
      expect(await page.locator(`[id="${described}"]`).textContent()).toBe(message);
      expect(await field.getAttribute('aria-invalid')).toBe('true');
      expect(requests).toEqual([]);
      await sentBy(async () => field.fill(before));
      requests.length = 0;
    }
    page.off('request', note);
  });

  it('follows the SNR that is dragged, and shows the last of it', async () => {
    const slider = page.getByRole('slider', { name: 'SNR' });
    await page.getByLabel('Channel', { exact: true }).selectOption('TDL-C');
    const box = (await slider.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    for (let i = 0; i <= 8; i++)
      await page.mouse.move(box.x + (0.5 + i / 24) * box.width, box.y + box.height / 2);
    await page.mouse.up();
    await slider.press('ArrowLeft');
    const snrDb = Number(await page.getByLabel('SNR, exact value').inputValue());
    expect(snrDb).toBeGreaterThan(25);
    await expectWrongBits(changedSlot('TDL-C', 10, snrDb));
    await panel('Bit error rate').getByText(`1 slot at ${snrDb} dB`).waitFor();
  });

  it('goes on slot after slot until it is stopped', async () => {
    await page.getByRole('button', { name: 'Slot after slot' }).click();
    await panel('Bit error rate')
      .getByText(/^([3-9]|\d\d+) slots at/)
      .waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    const seed = Number(await page.getByLabel('Seed').inputValue());
    expect(seed).toBeGreaterThanOrEqual(12);
    await page.getByRole('button', { name: 'Slot after slot' }).waitFor();
    await page.locator('.results[aria-busy=false]').waitFor();
    await page.getByRole('button', { name: 'Count anew' }).click();
    await panel('Bit error rate').waitFor({ state: 'detached' });
  });

  it('shows other antennas, equalisers, bits and receivers', async () => {
    await panel('Received grid').getByLabel('Antenna', { exact: true }).selectOption({ label: 'antenna 2' });
    await panel('Received grid')
      .getByRole('img', { name: /of antenna 2/ })
      .waitFor();
    await panel('Constellation').getByLabel('Equaliser').selectOption({ label: 'Perfect CSI' });
    await panel('Constellation').getByText('After Perfect CSI').waitFor();
    await panel('LLR map').getByLabel('What the map shows').selectOption({ label: 'bit b1' });
    await panel('LLR map')
      .getByRole('img', { name: /^LLRs of bit b1/ })
      .waitFor();
    await panel('LLR map').getByLabel('What the map shows').selectOption({ label: 'wrong bits' });
    const wrong = await tile('SpikingRx: wrong bits').textContent();
    const count = Number(/^[\d,]+/.exec(String(wrong))![0].replaceAll(',', ''));
    await panel('LLR map')
      .getByRole('img', { name: `Wrong bits of each resource element, ${count} in all.` })
      .waitFor();
    await panel('LLR histogram').getByLabel('LLRs of', { exact: true }).selectOption({ label: 'LS + LMMSE' });
    const histogram = panel('LLR histogram').getByRole('img', { name: /of LS \+ LMMSE/ });
    await histogram.waitFor();
    expect(await histogram.count()).toBe(1);
  });

  it('shows where and when each layer fires', async () => {
    const spikes = panel('Spikes');
    await page.getByRole('checkbox', { name: 'Show spikes' }).check();
    await spikes.getByRole('img', { name: /^Spikes of stem in time step 1 of 2: / }).waitFor();
    await spikes.getByLabel('Layer', { exact: true }).selectOption('block2');
    await spikes.getByRole('img', { name: /^Spikes of block2 in time step 1 of 2: / }).waitFor();
    await spikes.getByRole('slider', { name: 'Time step' }).press('ArrowRight');
    await spikes.getByRole('img', { name: /^Spikes of block2 in time step 2 of 2: / }).waitFor();
    expect(await colouredPixels(page, 'Spikes')).toBeGreaterThan(50);
    expect(await colouredPixels(page, 'Firing rates')).toBeGreaterThan(50);
    await page.getByRole('button', { name: 'Firing rates: show as table' }).click();
    const table = page.getByRole('table', { name: 'Firing rates' });
    expect(await table.getByRole('columnheader').allTextContents()).toEqual(['layer', 'step 1', 'step 2']);
    expect(await table.getByRole('row', { name: /^stem [\d.]+ % [\d.]+ %$/ }).count()).toBe(1);
    await spikes.getByRole('button', { name: 'Go through the time steps' }).click();
    await spikes.getByRole('button', { name: 'Stop going through the time steps' }).click();
    await page.getByRole('checkbox', { name: 'Show spikes' }).uncheck();
    await spikes.waitFor({ state: 'detached' });
    await page.getByRole('checkbox', { name: 'Show spikes' }).check();
    await spikes.getByRole('img').waitFor();
  });

  it('shows no spikes of another slot where the service tells of none', async () => {
    const width = page.getByLabel('Resource blocksPRB', { exact: true });
    // The second time the page knows before it asks.
    for (const nPrb of ['13', '3', '13', '3']) {
      await width.fill(nPrb);
      const shown =
        nPrb === '3'
          ? panel('Spikes').getByRole('img')
          : panel('Spikes').getByText(/expected nSc of at most 144 \(12 PRB\), received \[2, 14, 156\]/);
      await shown.waitFor();
    }
    expect(visited.troubles.splice(0)).toEqual([
      'Failed to load resource: the server responded with a status of 400 (Bad Request)',
    ]);
  });

  it('follows models that go and come', async () => {
    const names = page.getByLabel('Model').getByRole('option');
    await sentBy(async () => page.getByLabel('Model').selectOption('one/1'));
    await page.locator('.results[aria-busy=false]').waitFor();
    await service.server.engine.repository.unload('one');
    await names.filter({ hasText: 'one' }).waitFor({ state: 'detached' });
    expect(await page.getByLabel('Model').inputValue()).toBe('two/1');
    await service.server.engine.repository.load('one');
    await names.filter({ hasText: 'one' }).waitFor({ state: 'attached' });
  });

  it('calls a slot back that is out when another source is chosen', async () => {
    await page.locator('.results[aria-busy=false]').waitFor();
    // Never answered.
    await page.route('**/v1/llr?*', () => undefined);
    await sentBy(async () => page.getByRole('button', { name: 'Send another slot' }).click());
    const calledBack = page.waitForEvent('requestfailed');
    await page.getByRole('radio', { name: 'From a file' }).check();
    expect((await calledBack).failure()?.errorText).toBe('net::ERR_ABORTED');
    expect(await page.locator('.results').count()).toBe(0);
    await page.unroute('**/v1/llr?*');
    await sentBy(async () => page.getByRole('radio', { name: 'Simulated' }).check());
    await page.locator('.results[aria-busy=false]').waitFor();
    expect(visited.troubles).toEqual([]);
  });

  it('says what went wrong, and tries again when asked to', async () => {
    await page.locator('.results[aria-busy=false]').waitFor();
    await page.route('**/v1/llr?*', async (route) => route.abort());
    await page.getByRole('button', { name: 'Send another slot' }).click();
    await page.getByRole('alert').getByText('The service cannot be reached.').waitFor();
    await page.unroute('**/v1/llr?*');
    await sentBy(async () => page.getByRole('button', { name: 'Try again' }).click());
    await page.getByText('The service cannot be reached.').waitFor({ state: 'detached' });
    // The browser's own line about the request that was broken off here.
    expect(visited.troubles.splice(0)).toEqual(['Failed to load resource: net::ERR_FAILED']);
  });

  it('takes a bundle that is dropped, with the model that fits it, and says which file is missing', async () => {
    await page.getByRole('radio', { name: 'From a file' }).check();
    const bundle = drawBundle();
    const folder = temporary.bundle({ ...bundle, llrs: new Float32Array(bundle.pdsch.G).fill(1) });
    const files = filesIn(folder);
    const place = page.getByText('OAI bundle, SigMF recording or raw IQ');
    const drop = async (names: readonly string[]) =>
      dropOn(
        place,
        files.filter(({ name }) => names.includes(name)),
      );
    await drop(['fullgrid.bin', 'pdsch_cfg.txt']);
    await page.getByRole('alert').getByText('ldpc_cfg.txt: expected a file, received none.').waitFor();
    const sent = await sentBy(async () => drop(files.map(({ name }) => name)));
    expect([sent.get('model'), sent.get('shape')]).toEqual(['one', '1,13,24']);
    await page.getByText('Read: 1 slot of 2 PRB, 1 antenna, QPSK.').waitFor();
    await tile('Demapper of the dump').waitFor();
    // QPSK in AWGN of 15 dB.
    await tile('LS + LMMSE: wrong bits')
      .getByText(/^0\s*of/)
      .waitFor();
    await page.getByLabel('Model').selectOption('two/1');
    await page.getByText('These slots are QPSK of 1 antenna: choose a model for them.').waitFor();
  });

  it('takes a recording, and any slot of it', async () => {
    const [a, b] = [1, 2].map((seed) => slotOf((form) => (form.seed.set(seed), form.nPrb.set(4))));
    const slots = [a!, b!].map((slot) => ({ ...slot, config: { dmrs: slot.dmrsConfig } }));
    writeRecording(`${temporary.path}/recording/a`, slots, { datatype: 'cf32_le' });
    const input = page.locator('input[type=file]');
    const sent = await sentBy(async () => input.setInputFiles(filesIn(`${temporary.path}/recording`)));
    expect([sent.get('model'), sent.get('shape')]).toEqual(['two', '2,14,48']);
    await page.getByText('Read: 2 slots of 4 PRB, 2 antennas, QPSK.').waitFor();
    await page.getByText('the bits sent are not known').first().waitFor();
    const number = page.getByLabel('Slot of the file1 … 2');
    await sentBy(async () => number.fill('2'));
    await number.fill('3');
    await page.getByRole('alert').getByText('The file has 2 slots.').waitFor();
  });

  it('takes raw samples as its fields describe them', async () => {
    const slot = slotOf((form) => form.nPrb.set(4));
    const buffer = Buffer.from(interleave(slot.rxGrid, 14 * 48).buffer);
    const file = { name: 'slot.iq', mimeType: 'application/octet-stream', buffer };
    await page.locator('input[type=file]').setInputFiles(file);
    await page
      .getByRole('alert')
      .getByText(/^slot\.iq: size: expected a multiple of 32256 bytes/)
      .waitFor();
    const sent = await sentBy(async () => page.getByLabel('Resource blocksPRB').fill('4'));
    expect(sent.get('shape')).toBe('2,14,48');
    await page.getByText('Read: 1 slot of 4 PRB, 2 antennas, QPSK.').waitFor();
    await page.getByLabel('Symbols of a slot').fill('11');
    await page
      .getByRole('alert')
      .getByText('Enter symbols from 0 to 10 in ascending order, such as 2, 11.')
      .waitFor();
    await page.getByLabel('Symbols of a slot').fill('14');
    await page.getByText('Read: 1 slot of 4 PRB, 2 antennas, QPSK.').waitFor();
  });

  it('has loaded nothing from elsewhere, and nothing went wrong', () => {
    expect(visited.troubles).toEqual([]);
  });
});
