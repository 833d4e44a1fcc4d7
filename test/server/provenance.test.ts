import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientGrid, GridLlr } from '#client/index.js';
import { requestMessage } from '#client/wire.js';
import { provenanceTexts, type Provenance } from '#server/provenance.js';
import { llrServiceDefinition } from '#wire/proto.js';
import { grid, jsonGrid, rxTensor } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
let sha256: string;
beforeAll(async () => {
  service = await startTestService();
  ({ sha256 } = await service.rest.model('random'));
});
afterAll(async () => service.close());

const grids = [1, 2, 3].map((seed) => grid({ seed }));

async function streamed(list: readonly ClientGrid[]): Promise<GridLlr[]> {
  const answers: GridLlr[] = [];
  for await (const answer of service.grpc.stream([list])) {
    if (answer.error) throw answer.error;
    answers.push(answer);
  }
  return answers;
}

describe('every answer says where it came from', () => {
  test('in its message, on every way', async () => {
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    const ways = [
      await service.rest.computeJson(grids),
      await service.rest.compute(grids),
      await service.grpc.compute(grids),
      await streamed(grids),
    ];
    for (const answer of ways.flat())
      expect(answer).toMatchObject({
        model: 'random',
        version: '2',
        provenance: { sha256, provider: 'cpu' },
      });
  });

  test('the hash is that of the version that answered', async () => {
    const first = (await service.grpc.model('random', '1')).sha256;
    expect(first).not.toBe(sha256);
    const [rest] = await service.rest.compute([grid()], { version: '1' });
    const [grpc] = await service.grpc.compute([grid()], { version: '1' });
    for (const answer of [rest, grpc]) expect(answer!.provenance.sha256).toBe(first);
  });

  test('in the headers of both forms of REST', async () => {
    const json = await fetch(`${service.url}/v1/llr`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ grids: [jsonGrid(grids[0]), jsonGrid(grids[1])] }),
    });
    const rx = rxTensor({ nSym: 1 });
    const binary = await fetch(
      `${service.url}/v1/llr?shape=2,1,24&dmrsConfig={"symbolPositions":[0],"nId":1,"slot":0}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: Buffer.concat([rx.data, rx.data].map((data) => Buffer.from(data.buffer))),
      },
    );
    for (const response of [json, binary]) {
      expect(response.status).toBe(200);
      const texts = [...response.headers].filter(([name]) => name.startsWith('x-spikingrx-'));
      expect(Object.fromEntries(texts)).toMatchObject({
        'x-spikingrx-model': 'random',
        'x-spikingrx-version': '2',
        'x-spikingrx-sha256': sha256,
        'x-spikingrx-provider': 'cpu',
        'x-spikingrx-batch-size': expect.stringMatching(/^\d+,\d+$/) as string,
        'x-spikingrx-decode-ms': expect.stringMatching(/^\d+\.\d{3},\d+\.\d{3}$/) as string,
        'x-spikingrx-queue-ms': expect.stringMatching(/^\d+\.\d{3},\d+\.\d{3}$/) as string,
        'x-spikingrx-compute-ms': expect.stringMatching(/^\d+\.\d{3},\d+\.\d{3}$/) as string,
        'x-spikingrx-encode-ms': expect.stringMatching(/^\d+\.\d{3}$/) as string,
      });
    }
    const { results } = (await json.json()) as { results: { timing: { encodeMs: number } }[] };
    // What one grid took to convert is part of what its message took.
    const converted = results.reduce((sum, { timing }) => sum + timing.encodeMs, 0);
    expect(converted).toBeGreaterThan(0);
    expect(converted).toBeLessThanOrEqual(Number(json.headers.get('x-spikingrx-encode-ms')) + 0.001);
  });

  test('answers over gRPC say how long their message took to encode', async () => {
    for (const answers of [await service.grpc.compute(grids), await streamed(grids)])
      for (const { timing } of answers) expect(timing.encodeMs).toBeGreaterThan(0);
  });

  test('in the trailers of a unary call, which know how long encoding took', async () => {
    const trailers = await unaryTrailers(grids);
    expect(trailers).toMatchObject({
      'spikingrx-model': 'random',
      'spikingrx-version': '2',
      'spikingrx-sha256': sha256,
      'spikingrx-provider': 'cpu',
      'spikingrx-batch-size': expect.stringMatching(/^\d+(,\d+){2}$/) as string,
      'spikingrx-compute-ms': expect.stringMatching(/^\d+\.\d{3}(,\d+\.\d{3}){2}$/) as string,
      'spikingrx-encode-ms': expect.stringMatching(/^\d+\.\d{3}$/) as string,
    });
  });
});

async function unaryTrailers(list: readonly ClientGrid[]): Promise<Record<string, unknown>> {
  const client = new Client(service.target, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = llrServiceDefinition.ComputeLlr;
  const serialize = requestSerialize as (value: object) => Buffer;
  const message = requestMessage(list, {});
  try {
    const status = await new Promise<StatusObject>((resolve, reject) => {
      client
        .makeUnaryRequest(path, serialize, responseDeserialize, message, new Metadata(), (error) => {
          if (error) reject(error);
        })
        .on('status', resolve);
    });
    return status.metadata.getMap();
  } finally {
    client.close();
  }
}

describe('provenance as texts', () => {
  const one: Provenance = {
    model: 'm',
    version: '1',
    sha256: 'aa',
    provider: 'cpu',
    batchSize: 2,
    decodeMs: 0.1234,
    queueMs: 1,
    computeMs: 10,
  };

  test('what differs is said of each', () => {
    const texts = provenanceTexts([one, { ...one, sha256: 'bb', batchSize: 1 }]);
    expect(texts).toMatchObject({ sha256: 'aa,bb', model: 'm', 'batch-size': '2,1' });
    expect(texts['decode-ms']).toBe('0.123,0.123');
  });

  test('a folder name beyond ASCII is no reason to fail', () => {
    expect(provenanceTexts([{ ...one, model: 'modèle\n' }])).toMatchObject({ model: 'mod?le?' });
  });
});
