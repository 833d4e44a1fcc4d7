/** The binary form of `POST /v1/llr`: one description for all grids of a request, then their bytes. */
import { invalid, SpikingRxError } from '../errors.js';
import type { LlrDatatypeName } from '../wire/messages.js';
import {
  bytesOf,
  type ClientGrid,
  type ComputeOptions,
  type GridLlr,
  type IqTensor,
  type SlotTiming,
} from './types.js';

/** Bytes of one complex sample. */
const SAMPLE_BYTES = { cf32_le: 8, ci16_le: 4, cf16_le: 4 } as const;

/** Grids that one binary request can hold. */
export interface GridGroup {
  readonly grids: readonly ClientGrid[];
  /** Index of each in the list they came from. */
  readonly positions: readonly number[];
}

/**
 * Groups grids by everything a binary request says once: form, shape, datatype and scale of the samples, the DMRS,
 * deadline and slot. Groups come in the order of their first grids, grids within a group in their own.
 * @throws INVALID_ARGUMENT for what the request could not say, and would have decoded as something else: bytes
 *   that do not fit their shape, a pilot tensor that is not as wide as its grid.
 */
export function describedAlike(grids: readonly ClientGrid[]): GridGroup[] {
  if (grids.length === 0) throw invalid('grids', 'at least one', 'none');
  const groups = new Map<string, { grids: ClientGrid[]; positions: number[] }>();
  for (const [i, grid] of grids.entries()) {
    const key = description(grid, `grids[${i}]`);
    const group = groups.get(key) ?? { grids: [], positions: [] };
    groups.set(key, group);
    group.grids.push(grid);
    group.positions.push(i);
  }
  return [...groups.values()];
}

function description({ rx, dmrs, deadlineUs, slotTiming }: ClientGrid, field: string): string {
  requireLength(rx, `${field}.rx`);
  const samples = [rx.shape, rx.datatype, rx.scale, deadlineUs, slotTimingText(slotTiming)];
  if ('config' in dmrs) return JSON.stringify([...samples, dmrs.config]);
  const [, ...plane] = rx.shape;
  if (dmrs.shape.join() !== plane.join())
    throw invalid(`${field}.dmrs.shape`, `[${plane.join(', ')}], as rx`, `[${dmrs.shape.join(', ')}]`);
  requireLength(dmrs, `${field}.dmrs`);
  return JSON.stringify([...samples, dmrs.datatype, dmrs.scale, dmrs.cdmGroupsWithoutData]);
}

/** Two grids whose lengths are wrong by opposite amounts would pass the service's check of the sum. */
function requireLength({ datatype, shape, data }: IqTensor, field: string): void {
  const expected = shape.reduce((product, n) => product * n, SAMPLE_BYTES[datatype]);
  if (data.byteLength !== expected)
    throw invalid(
      `${field}.data`,
      `${expected} bytes (${shape.join(' x ')} samples of ${datatype})`,
      `${data.byteLength} bytes`,
    );
}

/** An error about `grids[i]` of a group, as one about the caller's own list. */
export function ofWholeRequest(error: unknown, positions: readonly number[]): unknown {
  if (!(error instanceof SpikingRxError) || error.field === undefined) return error;
  const renumber = (text: string): string =>
    text.replace(/^grids\[(\d+)\]/, (all, i) => (i in positions ? `grids[${positions[Number(i)]}]` : all));
  const { field, expected, received, retryAfterMs } = error;
  return new SpikingRxError(error.code, renumber(error.message), {
    field: renumber(field),
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause: error,
  });
}

/** The query that describes a binary request of grids that are {@link describedAlike}; see `GET /openapi.json`. */
export function binaryQuery(grids: readonly ClientGrid[], options: ComputeOptions): URLSearchParams {
  const [first] = grids;
  if (!first) throw new SpikingRxError('INVALID_ARGUMENT', 'grids: expected at least one, received none');
  const { rx, dmrs } = first;
  const { output = {} } = options;
  const entries: readonly (readonly [string, string | number | undefined])[] = [
    ['model', options.model],
    ['version', options.version],
    ['timeoutMs', options.timeoutMs],
    ['priority', options.priority],
    ['deadlineUs', first.deadlineUs],
    ['slotTiming', slotTimingText(first.slotTiming)],
    ['grids', grids.length],
    ['shape', rx.shape.join(',')],
    ['datatype', rx.datatype],
    ['scale', rx.scale],
    ...('config' in dmrs
      ? ([['dmrsConfig', JSON.stringify(dmrs.config)]] as const)
      : ([
          ['dmrsDatatype', dmrs.datatype],
          ['dmrsScale', dmrs.scale],
          ['cdmGroupsWithoutData', dmrs.cdmGroupsWithoutData],
        ] as const)),
    ['outputDatatype', output.datatype],
    ['outputLayout', output.layout],
    ['outputPolarity', output.polarity],
    ['outputScale', output.scale],
  ];
  const query = new URLSearchParams();
  for (const [key, value] of entries) if (value !== undefined) query.set(key, String(value));
  return query;
}

function slotTimingText(timing: SlotTiming | undefined): string | undefined {
  return timing && [timing.frame, timing.slot, timing.numerology].join(',');
}

/** Grids back to back: the bytes of rx, then those of the DMRS tensor where there is one. */
export function binaryBody(grids: readonly ClientGrid[]): Uint8Array<ArrayBuffer> {
  const parts = grids.flatMap(({ rx, dmrs }) =>
    'config' in dmrs ? [bytesOf(rx.data)] : [bytesOf(rx.data), bytesOf(dmrs.data)],
  );
  const body = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    body.set(part, offset);
    offset += part.byteLength;
  }
  return body;
}

/** By their names in lower case. */
type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export function binaryAnswer(
  grids: readonly ClientGrid[],
  headers: AnswerHeaders,
  body: Uint8Array,
): GridLlr[] {
  const header = (name: string): string => String(headers[`x-spikingrx-${name}`] ?? '');
  const list = (name: string): string[] => header(name).split(',');
  // Said once where it is the same for all grids.
  const common = (name: string, i: number): string => list(name)[i] ?? header(name);
  const datatype = header('datatype') as LlrDatatypeName;
  const shapes = list('shapes').map((shape) => shape.split('x').map(Number));
  const [decodeMs, queueMs, computeMs, batchSizes] = [
    'decode-ms',
    'queue-ms',
    'compute-ms',
    'batch-size',
  ].map((name) => list(name).map(Number));
  const slacks = list('slack-us');
  const width = { f32: 4, f16: 2, i8: 1 }[datatype];
  let offset = 0;
  return grids.map(({ id }, i) => {
    const shape = shapes[i]!;
    const start = offset;
    offset += width * shape.reduce((product, n) => product * n, 1);
    return {
      id,
      model: header('model'),
      version: header('version'),
      llr: { datatype, shape, data: body.subarray(start, offset) },
      timing: {
        decodeMs: decodeMs![i]!,
        queueMs: queueMs![i]!,
        computeMs: computeMs![i]!,
        batchSize: batchSizes![i]!,
        encodeMs: Number(header('encode-ms')),
        ...(slacks[i] && { slackUs: Number(slacks[i]) }),
      },
      provenance: { sha256: common('sha256', i), provider: common('provider', i) },
      quality: {
        estimatedSnrDb: optionalNumber(list('estimated-snr-db')[i]),
        meanAbsLlr: Number(list('mean-abs-llr')[i]),
        saturatedFraction: Number(list('saturated-fraction')[i]),
      },
    };
  });
}

function optionalNumber(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : Number(text);
}
