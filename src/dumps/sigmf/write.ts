/** Writes received grids as a SigMF recording. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { invalid } from '../../errors.js';
import type { IqDatatype } from '../../iq.js';
import type { DmrsConfig } from '../../nr/dmrs.js';
import type { ReceivedSlot } from '../../phy/slot.js';
import { recordingPaths } from './paths.js';
import { encodeSamples, type SampleFormat, scaleFor } from './samples.js';
import { EXTENSION, type RecordingMetadata, SIGMF_VERSION } from './schema.js';

/** What is written of a slot. */
export type RecordedSlot = Pick<ReceivedSlot, 'shape' | 'rxGrid' | 'modulation'> & {
  readonly config: { readonly dmrs: DmrsConfig };
};

export interface RecordingOptions {
  readonly datatype: IqDatatype;
  /** What samples are multiplied by when they are read. Default: what fills an int16, 1 for other datatypes. */
  readonly scale?: number;
}

/**
 * Writes slots of one shape and modulation, a capture each.
 * @param path of the files, with or without an ending.
 * @returns the paths of metadata and samples.
 * @throws INVALID_ARGUMENT for slots that differ in shape or modulation.
 */
export function writeRecording(
  path: string,
  slots: readonly RecordedSlot[],
  options: RecordingOptions,
): string[] {
  const [first] = slots;
  if (first === undefined) throw invalid('slots', 'at least one', 'none');
  const { shape, modulation } = first;
  const kind = (slot: RecordedSlot) => `${Object.values(slot.shape).join(' x ')} ${slot.modulation}`;
  const other = slots.find((slot) => kind(slot) !== kind(first));
  if (other !== undefined) throw invalid('slots', `all ${kind(first)}`, kind(other));
  const grids = slots.map(({ rxGrid }) => rxGrid);
  const { datatype, scale = scaleFor(grids, datatype) } = options;
  const format: SampleFormat = { datatype, scale, shape };
  const data = Buffer.concat(grids.map((grid) => encodeSamples(grid, format)));
  const metadata = metadataOf(slots, format, modulation, createHash('sha512').update(data).digest('hex'));
  const paths = recordingPaths(path);
  mkdirSync(dirname(paths.meta), { recursive: true });
  writeFileSync(paths.meta, `${JSON.stringify(metadata, null, 2)}\n`);
  writeFileSync(paths.data, data);
  return [paths.meta, paths.data];
}

function metadataOf(
  slots: readonly RecordedSlot[],
  { datatype, scale, shape }: SampleFormat,
  modulation: ReceivedSlot['modulation'],
  sha512: string,
): RecordingMetadata {
  const perSlot = shape.nSym * shape.nSc;
  return {
    global: {
      'core:datatype': datatype,
      'core:version': SIGMF_VERSION,
      'core:num_channels': shape.nRx,
      'core:sha512': sha512,
      'core:extensions': [EXTENSION],
      'spikingrx:symbols': shape.nSym,
      'spikingrx:subcarriers': shape.nSc,
      'spikingrx:modulation': modulation,
      'spikingrx:scale': scale,
    },
    captures: slots.map(({ config }, i) => ({
      'core:sample_start': i * perSlot,
      'spikingrx:dmrs': { ...config.dmrs, symbolPositions: [...config.dmrs.symbolPositions] },
    })),
    annotations: slots.map(({ config }, i) => ({
      'core:sample_start': i * perSlot,
      'core:sample_count': perSlot,
      'core:label': `slot ${config.dmrs.slot}`,
    })),
  };
}
