import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { llrValues } from '#client/index.js';
import { SpikesAnswerSchema, type SpikesAnswer } from '#wire/spikes.js';
import { DMRS_CONFIG, base64, grid, rxTensor } from '../helpers/grids.js';
import { startTestService, type TestService } from '../helpers/service.js';

const PLANE = 14 * 24;
let service: TestService;
beforeAll(async () => {
  service = await startTestService({ spikesMaxPrb: 2, spikesMaxBytes: 60_000 });
});
afterAll(async () => service.close());

/** Of Node, as when listeners pile up. */
const warnings: Error[] = [];
const onWarning = (warning: Error): void => void warnings.push(warning);
beforeAll(() => void process.on('warning', onWarning));
afterAll(() => void process.off('warning', onWarning));

const rx = (settings: Parameters<typeof rxTensor>[0] = {}) => {
  const { datatype, shape, data } = rxTensor(settings);
  return { datatype, shape, data: base64(data) };
};
const jsonGrid = (id = 'a') => ({ id, rx: rx(), dmrs: { config: DMRS_CONFIG } });

async function post(url: string, body: object): Promise<{ status: number; json: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/spikes`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, json: await response.json() };
}

describe('POST /v1/spikes', () => {
  test('answers with rates, counts and the LLRs that /v1/llr gives, in JSON and in binary', async () => {
    const output = { datatype: 'f16', layout: 'grid' } as const;
    const [llr] = await service.rest.compute([grid({ id: 'a' })], { output });
    const { status, json } = await post(service.url, { grids: [jsonGrid()], output, timeoutMs: 20_000 });
    expect([status, [...Value.Errors(SpikesAnswerSchema, json)]]).toEqual([200, []]);
    const answer = json as SpikesAnswer;
    expect(answer).toMatchObject({ id: 'a', model: 'random', version: '2', timeSteps: 2, nSym: 14, nSc: 24 });
    expect(answer.provenance).toEqual(llr?.provenance);
    expect(answer.llr).toMatchObject({ datatype: 'f16', shape: [2, 14, 24] });
    expect(Buffer.from(answer.llr.data, 'base64')).toEqual(Buffer.from(llr!.llr.data));

    const binary = await service.rest.spikes(grid({ id: 'a' }), { output });
    expect(binary.llr.shape).toEqual(llr?.llr.shape);
    expect(Buffer.from(binary.llr.data)).toEqual(Buffer.from(llr!.llr.data));
    expect(binary.layers.map(({ name }) => name)).toEqual(['stem', 'block1', 'block2']);
    for (const [i, layer] of binary.layers.entries()) {
      expect(layer.rates).toEqual(answer.layers[i]?.rates);
      expect(layer.counts).toHaveLength(2 * PLANE);
      for (const [step, rates] of layer.rates.entries()) {
        const counts = layer.counts.subarray(step * PLANE, (step + 1) * PLANE);
        const fired = counts.reduce((sum, count) => sum + count, 0);
        expect(rates.reduce((sum, rate) => sum + rate, 0) * PLANE).toBeCloseTo(fired, 6);
      }
    }
    expect(service.server.engine.stats.spikesWorkers).toBe(1);
  });

  test('shows layers and kinds as asked for: what fires has reached the threshold', async () => {
    const { layers, llr } = await service.rest.spikes(grid(), {
      version: '1',
      layers: ['block1'],
      kinds: ['membrane', 'spikes'],
    });
    const [{ name, spikes, membrane } = {}] = layers;
    expect([layers.length, name]).toEqual([1, 'block1']);
    expect(spikes).toHaveLength(2 * 8 * PLANE);
    expect(spikes).toContain(1);
    expect([...spikes!]).toEqual([...membrane!].map((potential) => Number(potential >= 1)));
    const [served] = await service.rest.compute([grid()], { version: '1' });
    expect(llrValues(llr)).toEqual(llrValues(served!.llr));
    expect(
      (await post(service.url, { grids: [jsonGrid()], kinds: ['spikes'], layers: ['stem'] })).json,
    ).toMatchObject({ layers: [{ name: 'stem', spikes: expect.any(String) as string }] });
  });

  test.each([
    ['two grids', { grids: [jsonGrid(), jsonGrid('b')] }, 400, 'grids'],
    ['no grid', { grids: [] }, 400, 'grids'],
    ['a layer that is not there', { grids: [jsonGrid()], layers: ['block3'] }, 400, 'layers'],
    ['a kind that is none', { grids: [jsonGrid()], kinds: ['currents'] }, 400, 'kinds[0]'],
    ['LLRs as numbers', { grids: [jsonGrid()], output: { encoding: 'array' } }, 400, 'output.encoding'],
    ['a priority, which has no effect', { grids: [jsonGrid()], priority: 'high' }, 400, 'priority'],
    ['a grid too wide', { grids: [{ ...jsonGrid(), rx: rx({ nSc: 36 }) }] }, 400, 'grids[0].rx.shape'],
    ['too large an answer', { grids: [jsonGrid()], kinds: ['membrane'] }, 413, 'layers'],
    ['a model that is not there', { grids: [jsonGrid()], model: 'none' }, 404, 'model'],
  ])('refuses %s', async (_what, body, status, field) => {
    expect(await post(service.url, body)).toMatchObject({ status, json: { error: { field } } });
  });

  test('refuses in binary what it refuses in JSON', async () => {
    await expect(service.rest.spikes(grid(), { layers: ['nose'] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'layers',
      expected: 'stem, block1, block2',
    });
    await expect(service.rest.spikes(grid(), { kinds: ['membrane'] })).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
    const headers = { 'content-type': 'application/octet-stream' };
    const query = `shape=2,14,24&dmrsConfig=${encodeURIComponent(JSON.stringify(DMRS_CONFIG))}`;
    const body = Buffer.concat([rxTensor().data, rxTensor().data].map(({ buffer }) => Buffer.from(buffer)));
    const response = await fetch(`${service.url}/v1/spikes?${query}`, { method: 'POST', headers, body });
    expect([response.status, await response.json()]).toMatchObject([400, { error: { field: 'grids' } }]);
  });

  test('a look at a slot moves no deadline of the grids that are served', async () => {
    const slotTiming = { frame: 0, slot: 0, numerology: 0 };
    const deadlineUs = 15_000_000;
    await service.rest.spikes({ ...grid(), slotTiming: { ...slotTiming, frame: 400 }, deadlineUs });
    const [answer] = await service.rest.compute([{ ...grid(), slotTiming, deadlineUs }]);
    // Frame 0 would be 4 s late against frame 400.
    expect(answer?.timing.slackUs).toBeGreaterThan(11_500_000);
  });

  test('takes nine at a time, until their answers are out', async () => {
    const { engine } = service.server;
    // Those before may still be on their way out.
    await expect.poll(() => engine.stats.spikesRequests).toBe(0);
    const held = Array.from({ length: 9 }, (_, i) => engine.admitSpikes(`client ${i}`));
    const refused = await post(service.url, { grids: [jsonGrid()] });
    expect(refused).toMatchObject({ status: 429, json: { error: { code: 'QUEUE_FULL' } } });
    held[0]?.release();
    await expect(post(service.url, { grids: [jsonGrid()] })).resolves.toMatchObject({ status: 200 });
    for (const permit of held) permit.release();
  });

  test('who goes away leaves the queue, and nothing stays behind', async () => {
    const gone = new AbortController();
    const cancelled = service.rest.spikes(grid(), { signal: gone.signal });
    gone.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    await service.rest.spikes(grid());
    await expect
      .poll(() => service.server.engine.stats, { timeout: 10_000 })
      .toMatchObject({
        admittedGrids: 0,
        admittedBytes: 0,
        spikesRequests: 0,
      });
  });

  test('brings no warning of Node, compressed or not, kept alive or not', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ grids: [jsonGrid()] });
    for (const encoding of ['gzip', 'identity', 'gzip'])
      for (const connection of ['keep-alive', 'close']) {
        const own = { ...headers, connection, 'accept-encoding': encoding };
        const response = await fetch(`${service.url}/v1/spikes`, { method: 'POST', headers: own, body });
        expect(await response.json()).toHaveProperty('layers');
      }
    expect(warnings).toEqual([]);
  });

  test('metrics tell the firing rates of each layer, and that a worker is there', async () => {
    const { layers } = await service.rest.spikes(grid());
    const text = await (await fetch(`${service.url}/metrics`)).text();
    for (const { name, rates } of layers) {
      const sample = `spikingrx_firing_rate_ratio{model="random",version="2",layer="${name}"}`;
      const line = text.split('\n').find((one) => one.startsWith(sample)) ?? '';
      const all = rates.flat();
      expect(Number(line.slice(sample.length))).toBeCloseTo(
        all.reduce((sum, rate) => sum + rate, 0) / all.length,
        12,
      );
    }
    expect(text).toMatch(/^spikingrx_spikes_workers 1$/m);
    expect(text).toMatch(/^spikingrx_spikes_compute_seconds_count [1-9]/m);
    // They are requests, but no grids that were served.
    expect(text).toMatch(
      /^spikingrx_requests_total\{transport="rest",method="POST \/v1\/spikes",code="OK"\}/m,
    );
  });
});

test('a service that shows none says so, before it reads a body', async () => {
  const off = await startTestService({ spikes: false });
  expect(await post(off.url, { grids: [] })).toMatchObject({
    status: 412,
    json: { error: { code: 'FAILED_PRECONDITION', message: expect.stringContaining('spikes') as string } },
  });
  await off.close();
});
