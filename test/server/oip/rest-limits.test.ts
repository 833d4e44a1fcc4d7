import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelFolder, spikingRxModel } from '../../engine/helpers/models.js';
import { startTestService, type TestService } from '../helpers/service.js';
import { inferBody } from './helpers/binary.js';

let service: TestService;
let folder: Awaited<ReturnType<typeof modelFolder>>;

beforeAll(async () => {
  folder = await modelFolder({ slow: { '1': spikingRxModel({ nRx: 2, channels: 64, timeSteps: 4 }) } });
  service = await startTestService({ modelsDir: folder.path, workers: 1, maxBatchGrids: 8 });
});
afterAll(async () => {
  await service.close();
  await folder.remove();
});

describe('Open Inference Protocol over REST: time and room', () => {
  /** Several hundred milliseconds of work for the one worker. */
  const [slowBody, slowHeaders] = inferBody(
    {
      inputs: [
        {
          name: 'rx_grid',
          datatype: 'FP32',
          shape: [8, 4, 14, 240],
          parameters: { binary_data_size: 430_080 },
        },
        { name: 'dmrs', datatype: 'FP32', shape: [8, 2, 14, 240], parameters: { binary_data_size: 215_040 } },
      ],
      parameters: { binary_data_output: true, timeout: 1000 },
    },
    645_120,
  );

  it('a timeout in microseconds', async () => {
    const url = `${service.url}/v2/models/slow/infer`;
    const response = await fetch(url, { method: 'POST', body: slowBody, headers: slowHeaders });
    expect(response.status).toBe(504);
    expect(response.headers.get('x-spikingrx-code')).toBe('DEADLINE_EXCEEDED');
    expect(await response.json()).toEqual({ error: expect.stringContaining('deadline') });
  });

  it('a client that goes away takes its rows out of the service', async () => {
    const { engine } = service.server;
    await expect.poll(() => engine.stats.unansweredGrids).toBe(0);
    const port = Number(new URL(service.url).port);
    const body = Buffer.from(
      slowBody.toString('latin1').replace('"timeout":1000', '"timeout":0   '),
      'latin1',
    );
    const socket = connect(port, '127.0.0.1');
    const head = `POST /v2/models/slow/infer HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n`;
    socket.write(
      `${head}Inference-Header-Content-Length: ${slowHeaders['inference-header-content-length']}\r\n\r\n`,
    );
    socket.write(body);
    await expect.poll(() => engine.stats.unansweredGrids, { interval: 1 }).toBe(8);
    socket.destroy();
    await expect.poll(() => engine.stats.unansweredGrids).toBe(0);
    await expect.poll(() => engine.stats.admittedBytes).toBe(0);
    expect(engine.stats.admittedGrids).toBe(0);
  });

  it('no room: 429 with a time to come again, before the body is read', async () => {
    const full = service.server.engine.admit({ grids: 1024, bytes: 0 });
    try {
      const response = await fetch(`${service.url}/v2/models/slow/infer`, {
        method: 'POST',
        body: JSON.stringify({ inputs: [] }),
      });
      expect(response.status).toBe(429);
      expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(await response.json()).toEqual({ error: expect.stringContaining('queue') });
    } finally {
      full.release();
    }
  });
});
