import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SpikingRxError } from '#errors.js';
import { Random } from '#phy/random.js';
import {
  type Checkpoint,
  initialCheckpoint,
  loadCheckpoint,
  networkOf,
  saveCheckpoint,
  warmCheckpoint,
} from '#train/checkpoint.js';
import { tinyTraining } from '../support/training.js';

let folder: string;
let path: string;
const checkpoint = inTheMiddle();

/** A checkpoint with values everywhere. */
function inTheMiddle(): Checkpoint {
  const start = initialCheckpoint(tinyTraining());
  const random = Random.fromSeed('checkpoint');
  for (const vector of Object.values(start.state)) vector.forEach((_, i) => (vector[i] = random.normal()));
  return { ...start, step: 1234 };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spikingrx-checkpoint-'));
  path = join(folder, 'deep', 'checkpoint.bin');
  saveCheckpoint(path, checkpoint);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A copy of the file, changed. */
function damaged(name: string, change: (bytes: Buffer) => Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, change(readFileSync(path)));
  return file;
}

function refusalOf(file: string): { code: string; message: string } {
  try {
    loadCheckpoint(file);
  } catch (error) {
    if (error instanceof SpikingRxError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'none', message: 'accepted' };
}

describe('a checkpoint', () => {
  it('reads back as it was written, and leaves no temporary file', () => {
    expect(loadCheckpoint(path)).toEqual(checkpoint);
    expect(existsSync(`${path}.tmp`)).toBe(false);
  });

  it('starts from parameters of its seed, moments of zero, variances of one', () => {
    const start = initialCheckpoint(tinyTraining());
    expect(start).toEqual(initialCheckpoint(tinyTraining()));
    expect(start.state.parameters).not.toEqual(initialCheckpoint(tinyTraining({ seed: 9 })).state.parameters);
    expect(start.state.first_moment.every((x) => x === 0)).toBe(true);
    const { statistics } = networkOf(start);
    expect([...(statistics.get('block1.norm.variance.1') ?? [])]).toEqual([1, 1, 1, 1]);
  });

  it('that is missing is NOT_FOUND', () => {
    const file = join(folder, 'none.bin');
    expect(refusalOf(file)).toEqual({ code: 'NOT_FOUND', message: `no checkpoint at ${file}` });
  });

  it.each<{ name: string; change: (bytes: Buffer) => Uint8Array; message: string }>([
    {
      name: 'another file',
      change: () => Buffer.from('just text\n'),
      message: 'expected a checkpoint of this program, received another file',
    },
    {
      name: 'an empty file',
      change: () => Buffer.alloc(0),
      message: 'expected a checkpoint of this program',
    },
    {
      name: 'cut in the header',
      change: (bytes) => bytes.subarray(0, 100),
      message: 'expected a header with configuration and step, received a damaged or cut one',
    },
    {
      name: 'a header that is no JSON',
      change: (bytes) => Buffer.from(bytes.toString('latin1').replace('{', '<'), 'latin1'),
      message: 'expected a header with configuration and step',
    },
    {
      name: 'a header without a step',
      change: (bytes) =>
        Buffer.from(bytes.toString('latin1').replace('"step":1234', '"stop":1234'), 'latin1'),
      message: 'expected a header with configuration and step',
    },
    {
      name: 'a configuration that no longer fits',
      change: (bytes) =>
        Buffer.from(bytes.toString('latin1').replace('"channels":4', '"chanels":44'), 'latin1'),
      message: 'network.chanels: expected no such key',
    },
    { name: 'cut short', change: (bytes) => bytes.subarray(0, bytes.length - 3), message: 'bytes, received' },
    {
      name: 'too long',
      change: (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
      message: 'bytes, received',
    },
  ])('is refused: $name', ({ name, change, message }) => {
    const refusal = refusalOf(damaged(name, change));
    expect(refusal.code).toBe('INVALID_ARGUMENT');
    expect(refusal.message).toContain(message);
  });

  it('says by how many bytes it is cut', () => {
    const file = damaged('cut.bin', (bytes) => bytes);
    const whole = readFileSync(file).length;
    truncateSync(file, whole - 8);
    expect(refusalOf(file).message).toContain(`expected ${whole} bytes, received ${whole - 8} bytes`);
  });
});

describe('a warm start', () => {
  it('takes the tensors that fit and draws the others from the seed', () => {
    const config = tinyTraining({ network: { modulation: '16QAM', timeSteps: 3 } });
    const { checkpoint: warm, taken, drawn } = warmCheckpoint(config, checkpoint);
    const [ours, theirs, fresh] = [warm, checkpoint, initialCheckpoint(config)].map(networkOf) as [
      ReturnType<typeof networkOf>,
      ReturnType<typeof networkOf>,
      ReturnType<typeof networkOf>,
    ];
    expect(drawn).toEqual([
      'readout.llr.weight',
      'readout.llr.bias',
      'block1.norm.mean.2',
      'block1.norm.variance.2',
    ]);
    for (const part of ['weights', 'statistics'] as const)
      for (const [name, values] of ours[part]) {
        const source = drawn.includes(name) ? fresh : theirs;
        expect(values).toEqual(source[part].get(name));
      }
    expect(taken.length + drawn.length).toBe(ours.weights.size + ours.statistics.size);
    expect(warm.step).toBe(0);
    expect(warm.state.first_moment).toEqual(initialCheckpoint(config).state.first_moment);
  });

  it('refuses a checkpoint of which nothing fits', () => {
    const config = tinyTraining({ network: { channels: 5, readoutWidth: 9, modulation: '16QAM' } });
    expect(() => warmCheckpoint(config, checkpoint)).toThrow(
      'startFrom: expected a checkpoint that shares tensors with this network, received none of its tensors fits',
    );
  });
});
