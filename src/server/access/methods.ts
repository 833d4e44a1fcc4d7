import type { RequiredScope } from './principal.js';

/**
 * gRPC methods that ask for another scope than `infer`. REST routes state theirs where they are defined
 * (`config: { scope }`, or the admin routes of `src/server/rest/admin.ts`).
 */
const METHOD_SCOPES: Readonly<Record<string, RequiredScope>> = {
  '/grpc.health.v1.Health/Check': 'none',
  '/grpc.health.v1.Health/Watch': 'none',
  '/grpc.health.v1.Health/List': 'none',
  '/inference.GRPCInferenceService/ServerLive': 'none',
  '/inference.GRPCInferenceService/ServerReady': 'none',
  '/inference.GRPCInferenceService/RepositoryModelLoad': 'admin',
  '/inference.GRPCInferenceService/RepositoryModelUnload': 'admin',
};

/** @param path as gRPC has it: `/package.Service/Method`. */
export function methodScope(path: string): RequiredScope {
  return METHOD_SCOPES[path] ?? 'infer';
}
