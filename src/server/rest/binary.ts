import { Value } from 'typebox/value';
import { invalid } from '../../errors.js';
import { IQ_BYTES } from '../../iq.js';
import { DmrsConfigSchema } from '../../nr/dmrs-schema.js';
import { schemaError, type SchemaFinding } from '../../schema-error.js';
import { answerTexts } from '../answer-texts.js';
import type { GridAnswer } from '../grids.js';
import { llrFormat } from '../decode-grid.js';
import type { LlrQuery } from '../schemas.js';
import type { SlotTiming } from '../slot-clock.js';
import type { WireDmrs, WireDmrsConfig, WireGrid } from '../wire-grid.js';
import { headersOf } from './headers.js';

/** How the bytes of each grid of a binary request are laid out. */
interface Layout {
  /** `[nRx, nSym, nSc]`. */
  readonly shape: readonly number[];
  readonly rxBytes: number;
  /** 0 when the pilots come from a configuration. */
  readonly dmrsBytes: number;
}

/**
 * Cuts a binary body into grids as its query describes it; the grids' bytes are views.
 * @throws INVALID_ARGUMENT when the length does not fit the description.
 */
export function binaryGrids(body: Buffer, query: LlrQuery): WireGrid[] {
  const config = query.dmrsConfig === undefined ? undefined : parseConfig(query.dmrsConfig);
  refuseUnused(query);
  const layout = gridLayout(query);
  const count = gridCount(body.byteLength, layout, query);
  const ids = gridIds(query.ids, count);
  const format = llrFormat(
    {
      datatype: query.outputDatatype,
      layout: query.outputLayout,
      polarity: query.outputPolarity,
      scale: query.outputScale,
    },
    'output',
  );
  const { shape, rxBytes, dmrsBytes } = layout;
  return ids.map((id, i) => {
    const start = i * (rxBytes + dmrsBytes);
    const data = body.subarray(start, start + rxBytes);
    const pilots = body.subarray(start + rxBytes, start + rxBytes + dmrsBytes);
    return {
      id,
      rx: { datatype: query.datatype ?? 'cf32_le', shape, data, scale: query.scale },
      dmrs: config ? { kind: 'config', config } : tensor(query, shape.slice(1), pilots),
      format,
      timeoutMs: query.timeoutMs,
      deadlineUs: query.deadlineUs,
      slotTiming: slotTiming(query.slotTiming),
    };
  });
}

function slotTiming(text: string | undefined): SlotTiming | undefined {
  if (text === undefined) return undefined;
  const [frame = 0, slot = 0, numerology = 0] = text.split(',').map(Number);
  return { frame, slot, numerology };
}

function tensor(query: LlrQuery, shape: readonly number[], data: Uint8Array): WireDmrs {
  const datatype = query.dmrsDatatype ?? query.datatype ?? 'cf32_le';
  return {
    kind: 'tensor',
    tensor: { datatype, shape, data, scale: query.dmrsScale },
    cdmGroupsWithoutData: query.cdmGroupsWithoutData,
  };
}

/** What describes a pilot tensor has no effect beside a configuration, so it is refused. */
function refuseUnused(query: LlrQuery): void {
  if (query.dmrsConfig === undefined) return;
  for (const key of ['dmrsDatatype', 'dmrsScale', 'cdmGroupsWithoutData'] as const)
    if (query[key] !== undefined) throw invalid(key, 'no value beside dmrsConfig', String(query[key]));
}

function gridLayout(query: LlrQuery): Layout {
  if (query.shape === undefined)
    throw invalid('shape', 'nRx,nSym,nSc in the query of a binary request', 'none');
  const shape = query.shape.split(',').map(Number);
  const [nRx = 0, nSym = 0, nSc = 0] = shape;
  const datatype = query.datatype ?? 'cf32_le';
  const rxBytes = nRx * nSym * nSc * IQ_BYTES[datatype];
  if (rxBytes === 0) throw invalid('shape', 'three positive numbers', query.shape);
  const dmrsBytes =
    query.dmrsConfig === undefined ? nSym * nSc * IQ_BYTES[query.dmrsDatatype ?? datatype] : 0;
  return { shape, rxBytes, dmrsBytes };
}

function gridCount(bytes: number, layout: Layout, query: LlrQuery): number {
  const each = layout.rxBytes + layout.dmrsBytes;
  const parts = `${layout.rxBytes} of rx + ${layout.dmrsBytes} of dmrs`;
  if (query.grids !== undefined && bytes !== query.grids * each)
    throw invalid('body', `${query.grids * each} bytes (${query.grids} grids of ${parts})`, `${bytes} bytes`);
  if (bytes === 0 || bytes % each !== 0)
    throw invalid('body', `a multiple of ${each} bytes (${parts} a grid)`, `${bytes} bytes`);
  return bytes / each;
}

function gridIds(ids: string | undefined, count: number): string[] {
  if (ids === undefined) return Array.from({ length: count }, (_, i) => String(i));
  const list = ids.split(',');
  if (list.length !== count) throw invalid('ids', `${count} ids, one a grid`, `${list.length}`);
  return list;
}

function parseConfig(text: string): WireDmrsConfig {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    throw invalid('dmrsConfig', 'a DMRS configuration as JSON', 'broken JSON');
  }
  if (Value.Check(DmrsConfigSchema, config)) return config;
  const findings = Value.Errors(DmrsConfigSchema, config) as readonly SchemaFinding[];
  const error = schemaError(findings, config, 'dmrsConfig');
  const { field = '', expected = '', received = '' } = error;
  throw invalid(field === 'dmrsConfig' ? field : `dmrsConfig.${field}`, expected, received);
}

/** Describes the LLRs that follow back to back. */
export function binaryHeaders(answers: readonly GridAnswer[]): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    'x-spikingrx-datatype': answers[0]?.result.llr.datatype ?? '',
    'x-spikingrx-shapes': answers.map(({ result }) => result.llr.shape.join('x')).join(','),
    ...answerHeaders(answers),
  };
}

/** What either form of an answer says of it in headers. */
export function answerHeaders(answers: readonly GridAnswer[]): Record<string, string> {
  return headersOf(answerTexts(answers));
}
