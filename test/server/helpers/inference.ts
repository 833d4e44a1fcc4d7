import { Client, credentials, Metadata, type ClientDuplexStream, type MethodDefinition } from '@grpc/grpc-js';
import type {
  InferTensorMessage,
  ModelInferRequestMessage,
  ModelInferResponseMessage,
  ModelStreamInferResponseMessage,
} from '#wire/inference/messages.js';
import { inferenceServiceDefinition as service } from '#wire/inference/proto.js';
import type { IqTensor } from '#client/index.js';
import { grid, type GridSettings } from './grids.js';

/** `inference.GRPCInferenceService` with the generated codec at the client. */
export class InferenceClient {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(target: string, token?: string) {
    this.#client = new Client(target, credentials.createInsecure());
    if (token !== undefined) this.#metadata.set('authorization', `Bearer ${token}`);
  }

  async call<Q, A>(
    method: (typeof service)[keyof typeof service] & MethodDefinition<Q, A>,
    request: Q,
    options: { deadline?: number } = {},
  ): Promise<{ readonly answer: A; readonly trailers: Metadata }> {
    return new Promise((resolve, reject) => {
      let answer: A | undefined;
      const { path, requestSerialize, responseDeserialize } = method;
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        this.#metadata,
        options,
        (error, value) => {
          if (error) reject(error);
          answer = value;
        },
      );
      call.on('status', ({ metadata }) => answer !== undefined && resolve({ answer, trailers: metadata }));
    });
  }

  async infer(request: ModelInferRequestMessage): Promise<ModelInferResponseMessage> {
    return (await this.call(service.ModelInfer, request)).answer;
  }

  stream(
    encode = service.ModelStreamInfer.requestSerialize,
  ): ClientDuplexStream<ModelInferRequestMessage, ModelStreamInferResponseMessage> {
    const { path, responseDeserialize } = service.ModelStreamInfer;
    return this.#client.makeBidiStreamRequest(path, encode, responseDeserialize, this.#metadata);
  }

  close(): void {
    this.#client.close();
  }
}

export interface Tensors {
  readonly inputs: readonly InferTensorMessage[];
  readonly raw: readonly Uint8Array[];
}

/** The grids of `settings`, all of one shape, as the tensors of the model contract: a row each. */
export function gridTensors(...settings: readonly GridSettings[]): Tensors {
  const { nRx = 2, nSym = 14, nSc = 24 } = settings[0] ?? {};
  const grids = settings.map((one) => grid(one));
  const rx = grids.flatMap(({ rx: { data } }) => planes(data as Float32Array, nRx));
  const dmrs = grids.flatMap(({ dmrs: pilots }) => planes((pilots as IqTensor).data as Float32Array, 1));
  const tensor = (name: string, channels: number) => ({
    name,
    datatype: 'FP32',
    shape: [settings.length, channels, nSym, nSc],
  });
  return {
    inputs: [tensor('rx_grid', 2 * nRx), tensor('dmrs', 2)],
    raw: [rx, dmrs].map((values) => new Uint8Array(Float32Array.from(values).buffer)),
  };
}

/** Interleaved samples of `count` planes as re, im of the first, re, im of the second, … */
function planes(interleaved: Float32Array, count: number): number[] {
  const size = interleaved.length / count / 2;
  return Array.from({ length: count }, (_, plane) =>
    [0, 1].flatMap((part) =>
      Array.from({ length: size }, (_v, i) => interleaved[2 * (plane * size + i) + part]!),
    ),
  ).flat();
}

export function floats(bytes: Uint8Array | undefined): number[] {
  return [...new Float32Array(new Uint8Array(bytes ?? []).buffer)];
}
