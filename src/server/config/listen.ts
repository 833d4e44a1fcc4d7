import { Type } from 'typebox';
import { integer } from './kinds.js';

/** Where the service listens. */
export const listenSettings = {
  host: Type.String({ description: 'Address to listen on', default: '0.0.0.0', minLength: 1 }),
  httpPort: integer('HTTP port; 0 takes a free one', { default: 8000, minimum: 0, maximum: 65535 }),
  grpcPort: integer('gRPC port; 0 takes a free one', { default: 8001, minimum: 0, maximum: 65535 }),
  adminPort: Type.Optional(
    integer('Port of its own for metrics and admin calls, which are then on no other; 0 takes a free one', {
      minimum: 0,
      maximum: 65535,
    }),
  ),
  adminHost: Type.String({ description: 'Address of adminPort', default: '127.0.0.1', minLength: 1 }),
};
