import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { simulateCommand } from '#cli/simulate.js';
import { binarySample, jsonSample } from '#demo/sample.js';
import { Random } from '#phy/random.js';
import { simulateSlot } from '#phy/slot.js';

const SAMPLES = fileURLToPath(new URL('../../samples/', import.meta.url));

const slot = simulateSlot(
  {
    modulation: '16QAM',
    nRx: 3,
    nPrb: 2,
    snrDb: 10,
    channel: 'rayleigh',
    dmrs: { configType: 1, symbolPositions: [2], nId: 5, nScid: 1, slot: 4, cdmGroupsWithoutData: 2 },
  },
  Random.fromSeed(1),
);

test('the JSON request carries every sample of the grid', () => {
  const [request, truth] = jsonSample(slot, { name: 'x', model: 'm' });
  const { model, grids } = JSON.parse(String(request?.content));
  expect(model).toBe('m');
  expect(grids[0].rx.shape).toEqual([3, 14, 24]);
  const data = Buffer.from(grids[0].rx.data, 'base64');
  const last = 14 * 24 - 1;
  // re and im of the last element of antenna 2
  expect(data.readFloatLE(data.length - 8)).toBe(slot.rxGrid[4 * (last + 1) + last]);
  expect(data.readFloatLE(data.length - 4)).toBe(slot.rxGrid[5 * (last + 1) + last]);
  expect(JSON.parse(String(truth?.content)).bits).toBe(slot.bits.join(''));
});

test('the binary sample is the same grid, described by its path', () => {
  const [body, metadata] = binarySample(slot, { name: 'x' });
  const [request] = jsonSample(slot, { name: 'x' });
  const { rx } = JSON.parse(String(request?.content)).grids[0];
  expect(Buffer.from(body?.content as Uint8Array).toString('base64')).toBe(rx.data);
  const { path, shape } = JSON.parse(String(metadata?.content));
  expect(shape).toEqual([3, 14, 24]);
  const query = new URL(path, 'http://localhost').searchParams;
  expect(query.get('shape')).toBe('3,14,24');
  expect(JSON.parse(query.get('dmrsConfig') ?? '')).toEqual(slot.config.dmrs);
});

test.each([
  ['json', ['slot.json', 'slot.truth.json']],
  ['cf32', ['slot.cf32', 'slot.cf32.json', 'slot.truth.json']],
])(
  'samples/ holds what `simulate --seed 8 --model spikingrx-qpsk-2rx --format %s` writes',
  async (format, names) => {
    const directory = mkdtempSync(join(tmpdir(), 'spikingrx-samples-'));
    const log = vi.spyOn(console, 'log').mockReturnValue();
    const model = 'spikingrx-qpsk-2rx';
    const out = join(directory, 'slot');
    const args = ['--seed', '8', '--model', model, '--format', format, '--out', out];
    await simulateCommand().parseAsync(args, { from: 'user' });
    expect(log.mock.calls.flat()).toEqual(names.map((name) => join(directory, name)));
    log.mockRestore();
    for (const name of names) expect(contentOf(join(directory, name))).toEqual(contentOf(SAMPLES + name));
    rmSync(directory, { recursive: true });
  },
);

/** JSON as what it says: its layout in the repository is the formatter's. */
function contentOf(path: string): unknown {
  return path.endsWith('.json') ? JSON.parse(readFileSync(path, 'utf8')) : readFileSync(path);
}
