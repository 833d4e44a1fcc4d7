import { integer } from './kinds.js';

const MEBIBYTE = 2 ** 20;

/** How much a client, and all of them together, may ask for. */
export const limitsSettings = {
  maxQueuedGrids: integer('Most grids inside the service, waiting or running', {
    default: 1024,
    minimum: 1,
    maximum: 2 ** 30,
  }),
  maxQueuedBytes: integer('Most bytes of requests inside the service', {
    default: 512 * MEBIBYTE,
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
  }),
  maxGridsPerRequest: integer('Most grids in one request or stream message', {
    default: 64,
    minimum: 1,
    maximum: 4096,
  }),
  maxPrb: integer('Widest grid taken, in resource blocks of 12 subcarriers', {
    default: 273,
    minimum: 1,
    maximum: 273,
  }),
  maxRx: integer('Most receive antennas reckoned with in the size limit of a request', {
    default: 4,
    minimum: 1,
    maximum: 256,
  }),
  maxInFlightPerStream: integer('Most unanswered grids on one gRPC stream before it is no longer read', {
    default: 256,
    minimum: 1,
    maximum: 2 ** 20,
  }),
  requestTimeoutMs: integer('Longest time a grid may take; a request may ask for less', {
    default: 30_000,
    minimum: 1,
    maximum: 3_600_000,
  }),
  slotBudgetUs: integer(
    'How long the LLRs of a slot are of use, in microseconds from the start of the slot; a grid may ask for another time',
    { default: 10_000, minimum: 1, maximum: 3_600_000_000 },
  ),
  maxConnections: integer('Most connections on each port; further ones are closed at once', {
    default: 16_384,
    minimum: 1,
    maximum: 1_000_000,
  }),
  maxCallsPerConnection: integer(
    'Most calls at once on one gRPC connection; further ones wait at the client',
    {
      default: 256,
      minimum: 1,
      maximum: 65_536,
    },
  ),
  maxHeaderBytes: integer('Most bytes of the headers of an HTTP request, its first line included', {
    default: 16_384,
    minimum: 1024,
    maximum: 1_048_576,
  }),
  idleConnectionTimeoutMs: integer(
    'How long a connection may be without a request or call before it is closed',
    {
      default: 300_000,
      minimum: 1000,
      maximum: 86_400_000,
    },
  ),
};
