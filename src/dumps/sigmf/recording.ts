/** What the two files of a SigMF recording of resource grids say. */
import { Value } from 'typebox/value';
import { invalid } from '../../errors.js';
import { DEFAULT_SCALE, IQ_BYTES } from '../../iq.js';
import { type DmrsConfigJson, dmrsConfigFrom } from '../../nr/dmrs-schema.js';
import { dmrsGrid } from '../../nr/dmrs.js';
import { dataMask } from '../../nr/resource-map.js';
import { estimateNoise } from '../../phy/noise-estimate.js';
import { describe, schemaError, type SchemaFinding } from '../../schema-error.js';
import type { DumpedSlot } from '../dumped-slot.js';
import type { DumpFiles } from '../files.js';
import { inFile } from '../in-file.js';
import { recordingPaths } from './paths.js';
import { decodeSamples, type SampleFormat, slotBytes } from './samples.js';
import {
  type CaptureMetadata,
  EXTENSION,
  EXTENSION_KEYS,
  type RecordingMetadata,
  RecordingSchema,
} from './schema.js';

const MOST_META_BYTES = 16 * 2 ** 20;
/** Slots are decoded into memory as float32. */
const MOST_DATA_BYTES = 2 ** 30;

/** What was read of a recording, before its samples are looked at. */
export interface Recording {
  readonly metadata: RecordingMetadata;
  readonly data: Uint8Array<ArrayBuffer>;
  /** Paths in messages. */
  readonly paths: { readonly meta: string; readonly data: string };
}

/**
 * Reads both files, and checks the metadata.
 * @param name of the metadata, of the samples, or without an ending.
 * @throws INVALID_ARGUMENT that names the file, the key, what was expected and what came.
 */
export function readRecordingFiles(files: DumpFiles, name: string): Recording {
  const names = recordingPaths(name);
  const paths = { meta: files.pathOf(names.meta), data: files.pathOf(names.data) };
  const text = new TextDecoder().decode(files.read(names.meta, MOST_META_BYTES));
  const metadata = inFile(paths.meta, () => parseMetadata(text));
  return { metadata, data: files.read(names.data, MOST_DATA_BYTES), paths };
}

/**
 * Each capture is one slot, in the order of the file.
 * @param sha512 of the samples, hex, where it was computed: it must be the one of the metadata.
 * @throws INVALID_ARGUMENT that names the file, the key, what was expected and what came.
 */
export function slotsOfRecording({ metadata, data, paths }: Recording, sha512?: string): DumpedSlot[] {
  const format = formatOf(metadata);
  inFile(paths.data, () => checkSamples(data.length, metadata, format));
  if (sha512 !== undefined) inFile(paths.data, () => checkDigest(sha512, metadata));
  inFile(paths.meta, () => checkCaptures(data.length, metadata, format));
  const size = slotBytes(format);
  return capturesOf(metadata).map((capture, i) => {
    const pilots = inFile(paths.meta, () => pilotsOf(capture, i, metadata, format));
    return inFile(paths.data, () => {
      const rxGrid = decodeSamples(data.subarray(i * size, (i + 1) * size), format);
      const noise = estimateNoise({ shape: format.shape, rxGrid, dmrs: pilots.dmrs });
      const modulation = metadata.global['spikingrx:modulation'];
      return { name: `slot ${i}`, shape: format.shape, rxGrid, modulation, ...pilots, ...noise };
    });
  });
}

function parseMetadata(text: string): RecordingMetadata {
  const value = parseJson(text);
  const findings = Value.Errors(RecordingSchema, value) as readonly SchemaFinding[];
  if (findings.length > 0) throw schemaError(findings, value, 'metadata');
  const metadata = value as RecordingMetadata;
  checkExtensions(metadata);
  checkKeys('global', metadata.global, EXTENSION_KEYS.global);
  metadata.captures.forEach((capture, i) => checkKeys(`captures[${i}]`, capture, EXTENSION_KEYS.capture));
  if ('core:dataset' in metadata.global)
    throw invalid('global.core:dataset', 'none: the samples are beside the metadata', 'a file name');
  return metadata;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('metadata', 'JSON', 'something else');
  }
}

/** Ours must be declared, and one that is not optional must be known, SigMF's `core:extensions`. */
function checkExtensions({ global }: RecordingMetadata): void {
  const extensions = global['core:extensions'];
  const own = extensions.find(({ name }) => name === EXTENSION.name);
  if (own === undefined)
    throw invalid('global.core:extensions', `the extension ${EXTENSION.name}`, 'others only');
  if (!/^1\.\d+\.\d+$/.test(own.version))
    throw invalid('global.core:extensions', `version 1.x of ${EXTENSION.name}`, describe(own.version));
  const foreign = extensions.find(({ name, optional }) => name !== EXTENSION.name && !optional);
  if (foreign !== undefined)
    throw invalid('global.core:extensions', `optional ones beside ${EXTENSION.name}`, describe(foreign.name));
}

/** What is misspelled must not be ignored. */
function checkKeys(field: string, value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).find((key) => key.startsWith('spikingrx:') && !known.includes(key));
  if (unknown !== undefined)
    throw invalid(field, `of spikingrx: only ${known.join(', ')}`, describe(unknown));
}

function formatOf({ global }: RecordingMetadata): SampleFormat {
  const datatype = global['core:datatype'];
  return {
    datatype,
    scale: global['spikingrx:scale'] ?? DEFAULT_SCALE[datatype],
    shape: {
      nRx: global['core:num_channels'] ?? 1,
      nSym: global['spikingrx:symbols'],
      nSc: global['spikingrx:subcarriers'],
    },
  };
}

/** No captures mean one that starts at the first sample, SigMF's `captures`. */
function capturesOf({ captures }: RecordingMetadata): readonly CaptureMetadata[] {
  return captures.length === 0 ? [{ 'core:sample_start': 0 }] : captures;
}

function checkSamples(bytes: number, metadata: RecordingMetadata, format: SampleFormat): void {
  const { nRx, nSym, nSc } = format.shape;
  const count = capturesOf(metadata).length;
  const expected = count * slotBytes(format);
  if (bytes !== expected) {
    const size = `${count} slots x ${nSym} x ${nSc} x ${nRx} samples x ${IQ_BYTES[format.datatype]} bytes`;
    throw invalid('size', `${expected} bytes (${size})`, `${bytes} bytes`);
  }
}

function checkDigest(found: string, { global }: RecordingMetadata): void {
  const wanted = global['core:sha512']?.toLowerCase();
  if (wanted !== undefined && found !== wanted)
    throw invalid('SHA-512', `${wanted.slice(0, 16)}… as core:sha512 says`, `${found.slice(0, 16)}…`);
}

/** Slots follow each other without gaps. */
function checkCaptures(dataBytes: number, metadata: RecordingMetadata, { shape }: SampleFormat): void {
  const perSlot = shape.nSym * shape.nSc;
  capturesOf(metadata).forEach((capture, i) => {
    const start = capture['core:sample_start'];
    if (start !== i * perSlot)
      throw invalid(`captures[${i}].core:sample_start`, `${i} x ${perSlot} = ${i * perSlot}`, String(start));
  });
  if (dataBytes === 0) throw invalid('captures', 'at least one slot', 'none');
}

function pilotsOf(
  capture: CaptureMetadata,
  index: number,
  { global }: RecordingMetadata,
  { shape }: SampleFormat,
): Pick<DumpedSlot, 'config' | 'dmrs' | 'dataMask'> {
  const own: DmrsConfigJson | undefined = capture['spikingrx:dmrs'];
  const field = own === undefined ? 'global.spikingrx:dmrs' : `captures[${index}].spikingrx:dmrs`;
  const json = own ?? global['spikingrx:dmrs'];
  if (json === undefined) throw invalid(field, `one here, or in captures[${index}]`, 'none');
  const config = dmrsConfigFrom(json);
  const dmrs = dmrsGrid(config, shape, field);
  return { config: { dmrs: config }, dmrs, dataMask: dataMask(dmrs, shape, config) };
}
