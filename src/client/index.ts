export { GrpcLlrClient, type GrpcClientOptions } from './grpc.js';
export { RestLlrClient, type RestClientOptions } from './rest.js';
export type { ClientTls } from './tls.js';
export type { GridSpikes, LayerSpikes, SpikesOptions } from './spikes.js';
export type { StreamAnswer, StreamOptions } from './stream.js';
export { planarGrid, type PlanarGrid } from './planar-grid.js';
export * from './types.js';
