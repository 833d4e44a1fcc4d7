// Makes the screenshots beside it, after `npm run build`: node docs/images/dashboard.mjs
// They are kept with 255 colours: convert x.png -strip -dither None -colors 255 PNG8:x.png
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { ServiceProcess } from '../../dist/bench/service-process.js';

const SNRS_DB = [4, 6, 8, 10, 12, 14];
const SLOTS = 4;

const service = await ServiceProcess.start();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });

/** Presses the button, and waits until the slot that it sends is counted. */
async function send(page, slots) {
  await page.getByRole('button', { name: 'Send another slot' }).click();
  await page.getByText(new RegExp(`^${slots} slots? at `)).waitFor();
}

for (const colorScheme of ['light', 'dark']) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme });
  await page.goto(`${service.baseUrl}/#/playground`);
  await page.getByLabel('Model').selectOption({ label: 'spikingrx-16qam-2rx 1' });
  for (const snrDb of SNRS_DB) {
    await page.getByLabel('SNR, exact value').fill(String(snrDb));
    await page.getByText(`1 slot at ${snrDb} dB`).waitFor();
    for (let slots = 2; slots <= SLOTS; slots += 1) await send(page, slots);
  }
  // Charts come to rest.
  await page.waitForTimeout(1000);
  const path = fileURLToPath(new URL(`dashboard-${colorScheme}.png`, import.meta.url));
  await page.screenshot({ path, fullPage: true });
}
await browser.close();
await service.stop();
