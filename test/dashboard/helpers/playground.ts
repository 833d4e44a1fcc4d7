/** What the tests of the playground do and expect in the page. */
import type { Locator, Page, Request } from 'playwright-core';
import type { RestLlrClient } from '#client/index.js';
import { interleave, llrValues } from '#client/types.js';
import { type Setup, SetupForm } from '#dashboard/playground/setup.js';
import { type PlaySlot, simulatedSlot } from '#dashboard/playground/slots.js';
import { bitErrors } from '#phy/metrics.js';
import { TemporaryFolder } from '../../dumps/helpers/bundles.js';

/** The slot of the form as it is first shown, or changed. */
export function slotOf(change: (form: SetupForm) => void = () => undefined): PlaySlot {
  const form = new SetupForm();
  change(form);
  return simulatedSlot(form.setup({ nRx: 2, modulation: 'QPSK' }) as Setup);
}

/** What an action sends: the description of the grid. */
export async function sentFrom(page: Page, action: () => Promise<unknown>): Promise<URLSearchParams> {
  const [request] = await Promise.all([
    page.waitForRequest((one: Request) => one.url().includes('/v1/llr?')),
    action(),
  ]);
  return new URL(request.url()).searchParams;
}

export const tileOf = (page: Page, name: string) =>
  page.locator('.tile', { hasText: name }).locator('.tile-value');

/** Waits for the wrong bits of the model `two` and of both others, as the tiles should have them. */
export async function waitForWrongBits(page: Page, slot: PlaySlot, client: RestLlrClient): Promise<void> {
  const { rxGrid, shape, dmrsConfig: config, bits, comparisons } = slot;
  const data = interleave(rxGrid, shape.nSym * shape.nSc);
  const rx = { datatype: 'cf32_le', shape: [shape.nRx, shape.nSym, shape.nSc], data } as const;
  const [answer] = await client.compute([{ id: 'a', rx, dmrs: { config } }], { model: 'two' });
  const all = [llrValues(answer!.llr), ...comparisons.map(({ llrs }) => llrs)];
  const names = ['SpikingRx: wrong bits', 'LS + LMMSE: wrong bits', 'Perfect CSI: wrong bits'];
  for (const [i, name] of names.entries()) {
    const expected = bitErrors(all[i]!, bits as Uint8Array).toLocaleString('en');
    await tileOf(page, name)
      .filter({ hasText: new RegExp(`^${expected}\\s*of`) })
      .waitFor();
  }
}

interface NamedFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

export const filesIn = (folder: string): NamedFile[] =>
  Object.entries(TemporaryFolder.read(folder)).map(([name, bytes]) => ({
    name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(bytes),
  }));

/** As if they came from outside of the browser. */
export async function dropOn(place: Locator, files: readonly NamedFile[]): Promise<void> {
  const contents = files.map(({ name, buffer }) => ({ name, text: buffer.toString('base64') }));
  const dataTransfer = await place.page().evaluateHandle((given) => {
    const transfer = new DataTransfer();
    for (const { name, text } of given)
      transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, contents);
  await place.dispatchEvent('drop', { dataTransfer });
}
