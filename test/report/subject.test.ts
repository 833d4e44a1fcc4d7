import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeOaiBundle } from '#dumps/oai/folder.js';
import { dmrsAmplitude } from '#dumps/oai/pdsch-config.js';
import { simulateOaiBundle } from '#dumps/oai/simulated.js';
import { writeRecording } from '#dumps/sigmf/write.js';
import { ModelReceiver } from '#evaluate/receivers.js';
import { findTaps } from '#onnx/taps.js';
import { readNodes } from '#onnx/model-nodes.js';
import { bitErrors } from '#phy/metrics.js';
import { Random } from '#phy/random.js';
import { simulateSlot } from '#phy/slot.js';
import type { SlotChoice } from '#report/slot.js';
import { openSubject } from '#report/subject.js';
import { DMRS, slotConfig } from '../phy/helpers/slots.js';
import { at } from '../support/matchers.js';

const directory = mkdtempSync(join(tmpdir(), 'spikingrx-report-'));
afterAll(() => rmSync(directory, { recursive: true }));

const ONE = 'models/spikingrx-qpsk-1rx/1/model.onnx';
const TWO = 'models/spikingrx-qpsk-2rx/2/model.onnx';
const { modulation: _, nRx: __, ...config } = slotConfig({ snrDb: 8, nPrb: 2 });
const simulated: SlotChoice = { kind: 'simulated', config, seed: 3 };

describe('a simulated slot', () => {
  it('has its truth, and the LLRs that the model gives', async () => {
    const subject = await openSubject(TWO, simulated);
    const { received, bits, simulated: slot } = subject.slot;
    expect(received.shape).toEqual({ nRx: 2, nSym: 14, nSc: 24 });
    expect(slot?.channel.length).toBe(2 * 2 * 14 * 24);
    expect(subject.llrPlanes.length).toBe(2 * 14 * 24);
    const receiver = await ModelReceiver.load('model', TWO);
    expect(subject.llrs).toEqual(at(await receiver.llrs([received]), 0));
    expect(bitErrors(subject.llrs, bits as Uint8Array)).toBeLessThan(0.1 * subject.llrs.length);
    const other = simulateSlot({ ...slotConfig(), nPrb: 1 }, Random.fromSeed(9));
    expect(await subject.infer(other)).toEqual(at(await receiver.llrs([other]), 0));
    await Promise.all([receiver.release(), subject.release()]);
  });

  it('shows values inside the graph', async () => {
    const subject = await openSubject(TWO, simulated);
    const taps = at(findTaps(readNodes(subject.model.bytes)).get('block1') ?? [], 1);
    const inside = await subject.inside(new Map([['spikes', taps.spikes]]));
    const spikes = inside.get('spikes');
    expect(spikes?.dims).toEqual([1, subject.model.network?.channels, 14, 24]);
    expect([...new Set(spikes?.data as Float32Array)].toSorted((a, b) => a - b)).toEqual([0, 1]);
    await expect(subject.inside(new Map([['x', 'nowhere']]))).rejects.toThrow(/x: expected a value/);
    await subject.release();
  });
});

describe('a model', () => {
  it('comes with what lies beside it', async () => {
    const { model, release } = await openSubject(TWO, simulated);
    expect(model.title).toBe('spikingrx-qpsk-2rx/2');
    expect(model.checkpoint?.config.network).toEqual(model.network);
    expect(model.training?.name).toBe('spikingrx-qpsk-2rx');
    expect(model.log?.get('step')?.length).toBeGreaterThan(10);
    await release();
  });

  it('may stand alone', async () => {
    const file = join(directory, 'alone.onnx');
    cpSync(TWO, file);
    const { model, release } = await openSubject(file, simulated);
    expect(model).toMatchObject({ checkpoint: undefined, training: undefined, log: undefined });
    expect(model.network?.threshold).toBe(1);
    await release();
  });

  it('that cannot be used is refused', async () => {
    await expect(openSubject(join(directory, 'none.onnx'), simulated)).rejects.toThrow(
      /--model: cannot read/,
    );
    const text = join(directory, 'text.onnx');
    writeFileSync(text, 'no model');
    await expect(openSubject(text, simulated)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });
});

describe('a dump', () => {
  const folder = join(directory, 'bundle');
  const dmrs = { ...DMRS, scale: dmrsAmplitude(DMRS.cdmGroupsWithoutData) };
  const slot = slotConfig({ nRx: 1, nPrb: 3, snrDb: 20, channel: 'awgn', dmrs });
  writeOaiBundle(folder, simulateOaiBundle({ slot, mcs: { table: 1, index: 5 } }, Random.fromSeed(1)));

  it('of OpenAirInterface knows its bits from the transport block', async () => {
    const subject = await openSubject(ONE, { kind: 'oai', folder });
    expect(subject.slot.simulated).toBeUndefined();
    expect(bitErrors(subject.llrs, subject.slot.bits as Uint8Array)).toBe(0);
    await subject.release();
  });

  it('of SigMF knows them from the file beside it', async () => {
    const path = join(directory, 'recording');
    const slots = [1, 2].map((seed) =>
      simulateSlot(slotConfig({ snrDb: 20, nPrb: 2 }), Random.fromSeed(seed)),
    );
    writeRecording(path, slots, { datatype: 'cf32_le' });
    const open = (index: number) => openSubject(TWO, { kind: 'sigmf', path, index });
    const unknown = await open(1);
    expect(unknown.slot.bits).toBeUndefined();
    await unknown.release();
    writeFileSync(`${path}.truth.json`, JSON.stringify(slots.map(({ bits }) => ({ bits: bits.join('') }))));
    const known = await open(1);
    expect(known.slot.bits).toEqual(at(slots, 1).bits);
    await known.release();
    await expect(open(2)).rejects.toThrow('--slot: expected a slot of the recording, 0 to 1, received 2');
    writeFileSync(`${path}.truth.json`, '[{"bits":"01"}]');
    await expect(open(0)).rejects.toThrow(/truth.json: expected bits of slot 0/);
  });

  it('for other antennas or another modulation is refused', async () => {
    await expect(openSubject(TWO, { kind: 'oai', folder })).rejects.toThrow(
      '--model: expected one for 1 receive antennas, as the dump has, received one for 2',
    );
    await expect(
      openSubject('models/spikingrx-16qam-1rx/1/model.onnx', { kind: 'oai', folder }),
    ).rejects.toThrow('--model: expected one for QPSK, as the dump has, received one for 16QAM');
  });
});
