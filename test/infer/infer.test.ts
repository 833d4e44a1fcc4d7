import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOaiBundle } from '#dumps/oai/folder.js';
import { transmissionOf } from '#dumps/oai/ldpc-config.js';
import { inferDump, readOaiDump } from '#infer/infer.js';
import { openSlotReceiver } from '#infer/receiver.js';
import { decodeTransportBlock } from '#phy/coding/index.js';
import { initialCheckpoint } from '#train/checkpoint.js';
import { publishModel } from '#train/publish.js';
import { Trainer } from '#train/trainer.js';
import { drawBundle, TemporaryFolder } from '../dumps/helpers/bundles.js';
import { startTestService, type TestService } from '../server/helpers/service.js';
import { tinyTraining } from '../support/training.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SHIPPED = fileURLToPath(new URL('../../models/spikingrx-qpsk-2rx/2/model.onnx', import.meta.url));
const temporary = new TemporaryFolder();
let model: string;
let service: TestService;

/** A network of one block for one antenna, trained for seconds. */
beforeAll(async () => {
  const data = { nPrb: [2], dmrsSymbols: [[2, 11]], cdmGroupsWithoutData: [1] };
  const trainer = new Trainer(initialCheckpoint(tinyTraining({ data, optimiser: { steps: 100 } })));
  for (let step = 0; step < 100; step++) await trainer.step();
  await trainer.release();
  const models = join(temporary.path, 'models');
  model = await publishModel(trainer.checkpoint, models);
  service = await startTestService({ modelsDir: models });
});
afterAll(async () => {
  await service.close();
  temporary.remove();
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function spikingrx(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

const BUNDLE_FLAGS = [
  '--format',
  'oai',
  '--prb',
  '2',
  '--start-symbol',
  '1',
  '--profile',
  'awgn',
  '--snr',
  '12',
];

async function simulated(name: string, ...flags: readonly string[]): Promise<string> {
  const out = join(temporary.path, name);
  const { code, stderr } = await spikingrx('simulate', ...BUNDLE_FLAGS, ...flags, '--out', out);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return out;
}

describe('spikingrx infer --oai', () => {
  it('decodes with a model, beside the LLRs of the dump, and writes int8', async () => {
    const folder = await simulated('one', '--start-rb', '3', '--carrier-prb', '20');
    const out = join(temporary.path, 'llr.i8');
    const args = ['infer', '--oai', folder, '--model', model, '--out', out, '--format', 'i8'];
    const { code, stdout, stderr } = await spikingrx(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('frame 0 slot 0: 1 Rx, 2 PRB, 13 symbols, DMRS in 2, 11, QPSK');
    expect(stdout).toContain('transport block from tiny/1: CRC passes, bits match');
    expect(stdout).toContain('transport block from demapper_llr_f32.bin: CRC passes, bits match');
    expect(stdout).toMatch(/same sign {4}9\d\.\d\d %/);
    expect(stdout).toMatch(/-0\.5 … {2}0\.0 {2}#+ +\d+ {2}#+ +\d+/);
    expect(stdout).toMatch(/llr\.i8: 576 LLRs as i8, times 4, \d+ saturated/);
    const quantised = Float32Array.from(new Int8Array(readFileSync(out)));
    const { pdsch, ldpc, payload } = readOaiBundle(folder);
    const decoded = decodeTransportBlock(quantised, transmissionOf(pdsch, ldpc));
    expect(decoded).toMatchObject({ crcOk: true, bits: payload });
  });

  it('says the same as JSON, of the conventional receiver of which the LLRs are', async () => {
    const folder = await simulated('two', '--cdm-groups', '2', '--modulation', '16QAM', '--snr', '20');
    const out = join(temporary.path, 'llr.f32');
    const { stdout } = await spikingrx(
      'infer',
      '--oai',
      folder,
      '--receiver',
      'ls-lmmse',
      '--json',
      '--out',
      out,
    );
    const { receiver, slots, written } = JSON.parse(stdout);
    expect(receiver).toBe('LS + LMMSE');
    expect(written).toEqual({ path: out, format: 'f32', scale: 1, count: 1056, saturated: 0 });
    const [slot] = slots;
    expect(slot).toMatchObject({ shape: { nRx: 1, nSym: 13, nSc: 24 }, modulation: '16QAM', llrs: 1056 });
    expect(slot.own).toMatchObject({ sameSign: 1, zeros: 0 });
    expect(slot.own.scale).toBeCloseTo(1, 6);
    expect(slot.own.correlation).toBeCloseTo(1, 6);
    expect(slot.ours).toMatchObject({
      rms: slot.own.rms,
      block: { crcOk: true, bitErrors: 0, codeBlocks: 1 },
    });
    expect(slot.snrDb).toBeGreaterThan(17);
    expect(slot.snrDb).toBeLessThan(23);
    expect(readFileSync(out)).toEqual(readFileSync(join(folder, 'demapper_llr_f32.bin')));
  });

  it('reads DMRS of type 2, alone in their symbols, in the power that they are sent with', async () => {
    const folder = await simulated('type2', '--dmrs-type', '2', '--cdm-groups', '3', '--snr', '20');
    const [entry] = readOaiDump(folder);
    expect(entry!.slot.config.dmrs).toMatchObject({ configType: 2, cdmGroupsWithoutData: 3 });
    const receiver = await openSlotReceiver({ receiver: 'ls-lmmse' }, entry!.slot);
    const [result] = await inferDump([entry!], receiver);
    expect(result!.ours.block).toMatchObject({ crcOk: true, bitErrors: 0 });
  });

  it('answers over gRPC what the model answers here', async () => {
    const [entry] = readOaiDump(temporary.bundle(drawBundle()));
    const [here, there] = await Promise.all(
      [{ model }, { service: `${service.target}/tiny` }].map(async (choice) => {
        const receiver = await openSlotReceiver(choice, entry!.slot);
        const [result] = await inferDump([entry!], receiver);
        await receiver.release();
        return result;
      }),
    );
    expect(there?.llrs).toEqual(here?.llrs);
    expect(here?.ours.block).toMatchObject({ crcOk: true, bitErrors: 0 });
  });

  it('tells a block that does not decode, and counts the bits of another one', async () => {
    const noisy = drawBundle({ slot: { snrDb: -12 } });
    const other = { ...drawBundle(), payload: drawBundle({}, 2).payload! };
    for (const [bundle, crcOk] of [
      [noisy, false],
      [other, true],
    ] as const) {
      const [entry] = readOaiDump(temporary.bundle(bundle));
      const receiver = await openSlotReceiver({ receiver: 'ls-lmmse' }, entry!.slot);
      const [result] = await inferDump([entry!], receiver);
      const { block } = result!.ours;
      expect(block?.crcOk).toBe(crcOk);
      // Half of the bits of another block of 208 differ: 104 ± 5 deviations of 7.2.
      expect(block!.bitErrors).toBeGreaterThan(crcOk ? 68 : 0);
      expect(result!.own).toBeUndefined();
    }
  });

  it('knows of no bits where the dump has none', async () => {
    const { grid, pdsch, ldpc } = drawBundle();
    const folder = temporary.bundle({ grid, pdsch, ldpc }, 'bare');
    expect(readOaiBundle(folder)).not.toHaveProperty('payload');
    const { stdout } = await spikingrx('infer', '--oai', folder, '--receiver', 'ls-lmmse');
    expect(stdout).toContain('transport block from LS + LMMSE: CRC passes, bits sent not known');
    expect(stdout).not.toContain('against');
  });
});

describe('spikingrx infer --sigmf', () => {
  it('takes a recording of several slots, and writes their LLRs one after the other', async () => {
    const base = join(temporary.path, 'recording');
    const shape = ['--prb', '2', '--slots', '3', '--datatype', 'ci16_le', '--rx', '1', '--profile', 'awgn'];
    const { stdout: paths } = await spikingrx('simulate', '--format', 'sigmf', ...shape, '--out', base);
    const names = ['sigmf-meta', 'sigmf-data', 'truth.json'].map((ending) => `${base}.${ending}`);
    expect(paths.trim().split('\n')).toEqual(names);
    const out = join(temporary.path, 'slots.f32');
    const { stdout } = await spikingrx(
      'infer',
      '--sigmf',
      `${base}.sigmf-meta`,
      '--model',
      model,
      '--json',
      '--out',
      out,
    );
    const { slots } = JSON.parse(stdout);
    expect(
      slots.map((slot: { name: string; dmrs: { slot: number } }) => [slot.name, slot.dmrs.slot]),
    ).toEqual([
      ['slot 0', 0],
      ['slot 1', 1],
      ['slot 2', 2],
    ]);
    const bytes = readFileSync(out);
    const llrs = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
    const truth = JSON.parse(readFileSync(`${base}.truth.json`, 'utf8')) as { bits: string }[];
    const bits = truth.map((slot) => slot.bits).join('');
    expect(llrs).toHaveLength(bits.length);
    const wrong = llrs.filter((llr, i) => (llr >= 0 ? '0' : '1') !== bits[i]).length;
    expect(wrong / bits.length).toBeLessThan(0.1);
  });
});

describe('what cannot be done is said', () => {
  it.each<[string, (folder: string) => string[], RegExp]>([
    [
      'no dump',
      () => ['--receiver', 'ls-lmmse'],
      /^spikingrx: dump: expected one of --oai and --sigmf, received none/,
    ],
    [
      'two dumps',
      (f) => ['--oai', f, '--sigmf', f, '--receiver', 'ls-lmmse'],
      /one of --oai and --sigmf, received both/,
    ],
    ['no receiver', (f) => ['--oai', f], /expected one of --model, --service and --receiver, received none/],
    [
      'two receivers',
      (f) => ['--oai', f, '--model', 'x', '--receiver', 'ls-lmmse'],
      /received --model and --receiver/,
    ],
    [
      'no folder',
      (f) => ['--oai', `${f}/none`, '--receiver', 'ls-lmmse'],
      /none\/pdsch_cfg\.txt: expected a file, received none/,
    ],
    [
      'no recording',
      (f) => ['--sigmf', f, '--receiver', 'ls-lmmse'],
      /\.sigmf-meta: expected a file, received none/,
    ],
    [
      'a model for two antennas',
      (f) => ['--oai', f, '--model', SHIPPED],
      /--model: expected a model for 1 receive antenna, as the dump has, received spikingrx-qpsk-2rx\/2 for 2: take another \(models\/README\.md\), train one with network\.nRx: 1 .*--receiver ls-lmmse/,
    ],
    ['no model', (f) => ['--oai', f, '--model', `${f}/none`], /--model: cannot read the model/],
    [
      'no service',
      (f) => ['--oai', f, '--service', 'localhost'],
      /--service: expected host:port or host:port\/model/,
    ],
    [
      'a bad scale',
      (f) => ['--oai', f, '--receiver', 'ls-lmmse', '--scale', '0'],
      /expected a positive number/,
    ],
    [
      'a format of no file',
      (f) => ['--oai', f, '--receiver', 'ls-lmmse', '--format', 'i8'],
      /^spikingrx: --format: expected --out, which it is of, received none/,
    ],
    [
      'a folder in the place of the file',
      (f) => ['--oai', f, '--receiver', 'ls-lmmse', '--out', f],
      /^spikingrx: EISDIR: .*open '.*'\n$/,
    ],
  ])('%s', async (_name, args, message) => {
    const folder = temporary.bundle(drawBundle());
    const { code, stderr } = await spikingrx('infer', ...args(folder));
    expect([1, 2, 4]).toContain(code);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n +at /);
  });

  it('a model for another modulation', async () => {
    const qam = drawBundle({ slot: { modulation: '16QAM' }, mcs: { table: 1, index: 12 } });
    const [entry] = readOaiDump(temporary.bundle(qam));
    await expect(openSlotReceiver({ model }, entry!.slot)).rejects.toThrow(
      '--model: expected a model for 16QAM, as the dump has, received tiny/1 for Qm 2: take another (models/README.md), train one with network.modulation: 16QAM',
    );
    await expect(openSlotReceiver({ service: service.target }, entry!.slot)).rejects.toThrow('--service');
  });

  it('flags of another format, and what a bundle cannot hold', async () => {
    const out = ['--out', join(temporary.path, 'refused')];
    const refusals = [
      [['--slots', '2'], '--slots: expected --format sigmf, received --format json'],
      [
        ['--carrier-prb', '9', '--format', 'sigmf'],
        '--carrier-prb: expected --format oai, received --format sigmf',
      ],
      [['--model', 'm', '--format', 'oai'], '--model: expected --format json or cf32'],
      [['--rx', '2', '--format', 'oai'], 'nRx: expected 1: a bundle holds one antenna, received 2'],
    ] as const;
    for (const [flags, message] of refusals) {
      const { code, stderr } = await spikingrx('simulate', ...flags, ...out);
      expect({ code, stderr: stderr.includes(message) ? message : stderr }).toEqual({
        code: 2,
        stderr: message,
      });
    }
  });

  it('a damaged file, by its name', async () => {
    const folder = temporary.bundle(drawBundle());
    writeFileSync(join(folder, 'ldpc_cfg.txt'), 'BG 2\n');
    const { code, stderr } = await spikingrx('infer', '--oai', folder, '--receiver', 'ls-lmmse');
    expect(code).toBe(2);
    expect(stderr.trim()).toBe(
      `spikingrx: ${folder}/ldpc_cfg.txt: Zc: expected a line with this key, received none`,
    );
  });
});
