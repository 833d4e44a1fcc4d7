import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  EmptyMessage,
  ModelInferResponseMessage,
  ModelMetadataResponseMessage,
  ModelNameMessage,
  ReadyResponseMessage,
  RepositoryIndexRequestMessage,
  RepositoryIndexResponseMessage,
  RepositoryModelRequestMessage,
  ServerLiveResponseMessage,
  ServerMetadataResponseMessage,
} from '../../../wire/inference/messages.js';
import type { ServiceCore } from '../../core.js';
import { toSpikingRxError } from '../../errors.js';
import { modelMetadata, modelReady, serverMetadata } from '../../oip/metadata.js';
import { changeRepository, repositoryIndex, requireUnnamed } from '../../oip/repository.js';
import { provenanceTexts } from '../../provenance.js';
import { AnsweredStream } from '../answered-stream.js';
import { type Answer, type CallContext, type Handler, unary, type UnaryParts, whenOver } from '../unary.js';
import { inferMessage, inferSize } from './infer.js';
import type { InferRequestMessage } from './infer-request.js';
import { inferStream, type InferStreamCall } from './stream.js';

/** The methods of `inference.GRPCInferenceService`. */
export function inferenceHandlers(parts: UnaryParts): UntypedServiceImplementation {
  const { core } = parts;
  const serve = <Q, A extends object>(method: string, answer: Answer<Q, A>): Handler<Q, A> =>
    unary({ ...parts, method, answer });
  return {
    ServerLive: serve<EmptyMessage, ServerLiveResponseMessage>('ServerLive', async () => ({ live: true })),
    ServerReady: serve<EmptyMessage, ReadyResponseMessage>('ServerReady', async () => ({
      ready: core.ready,
    })),
    ModelReady: serve<ModelNameMessage, ReadyResponseMessage>('ModelReady', async (request) => ({
      ready: isReady(core, request),
    })),
    ServerMetadata: serve<EmptyMessage, ServerMetadataResponseMessage>('ServerMetadata', async () =>
      serverMetadata(),
    ),
    ModelMetadata: serve<ModelNameMessage, ModelMetadataResponseMessage>(
      'ModelMetadata',
      async ({ name = '', version }) => modelMetadata(core, name, version),
    ),
    ModelInfer: serve<InferRequestMessage, ModelInferResponseMessage>(
      'ModelInfer',
      async (request, context) => modelInfer(request, context, parts),
    ),
    ModelStreamInfer: (call: InferStreamCall) => new AnsweredStream(call, inferStream(core), core),
    ...repositoryHandlers(core, serve),
  };
}

type Serve = <Q, A extends object>(method: string, answer: Answer<Q, A>) => Handler<Q, A>;

/** Loading and unloading are admin calls: `src/server/access/methods.ts`. */
function repositoryHandlers(core: ServiceCore, serve: Serve): UntypedServiceImplementation {
  return {
    RepositoryIndex: serve<RepositoryIndexRequestMessage, RepositoryIndexResponseMessage>(
      'RepositoryIndex',
      async (request) => {
        requireUnnamed(request.repositoryName);
        return { models: repositoryIndex(core, request.ready ?? false) };
      },
    ),
    RepositoryModelLoad: serve<RepositoryModelRequestMessage, EmptyMessage>(
      'RepositoryModelLoad',
      async (request) => {
        await change(core, 'load', request);
        return {};
      },
    ),
    RepositoryModelUnload: serve<RepositoryModelRequestMessage, EmptyMessage>(
      'RepositoryModelUnload',
      async (request) => {
        await change(core, 'unload', request);
        return {};
      },
    ),
  };
}

async function change(
  core: ServiceCore,
  action: 'load' | 'unload',
  { repositoryName, modelName: model = '', parameters = {} }: RepositoryModelRequestMessage,
): Promise<void> {
  requireUnnamed(repositoryName);
  await changeRepository(core, action, { model, parameters });
}

/** A model that is not served, or not yet, is not ready, which is no error. */
function isReady(core: ServiceCore, { name = '', version }: ModelNameMessage): boolean {
  try {
    return modelReady(core, name, version);
  } catch (error) {
    const { code } = toSpikingRxError(error);
    if (code === 'NOT_FOUND' || code === 'UNAVAILABLE') return false;
    throw error;
  }
}

async function modelInfer(
  request: InferRequestMessage,
  { record, signal, client, deadlineMs }: CallContext,
  { core, trailers }: UnaryParts,
): Promise<ModelInferResponseMessage> {
  const size = inferSize(core, request, client);
  const permit = core.admit(size);
  try {
    const receivedMs = record.startMs;
    const context = { record, signal, client, deadlineMs, receivedMs, rows: size.grids };
    const { response, answer } = await inferMessage(core, request, context);
    trailers.describe(response, provenanceTexts([answer.provenance]));
    return response;
  } finally {
    // An answer that its caller does not take fills memory too.
    whenOver(signal, () => permit.release());
  }
}
