import { describe, expect, it } from 'vitest';
import { SpikingRxError } from '#errors.js';
import { GraphBuilder } from '#onnx/builder.js';
import { METADATA_KEYS, readModelContract } from '#onnx/contract.js';
import { encodeModel } from '#onnx/model-file.js';
import type { DataType, Shape } from '#onnx/types.js';

interface TensorSketch {
  readonly name: string;
  readonly type?: DataType;
  readonly shape: Shape;
}

const RX: TensorSketch = { name: 'rx_grid', shape: ['batch', 4, 'symbols', 'subcarriers'] };
const DMRS: TensorSketch = { name: 'dmrs', shape: ['batch', 2, 'symbols', 'subcarriers'] };
const LLR: TensorSketch = { name: 'llr', shape: ['batch', 6, 'symbols', 'subcarriers'] };

/** A model with these inputs and outputs; what it computes does not matter, for nobody runs it. */
function sketch(
  inputs: readonly TensorSketch[],
  outputs: readonly TensorSketch[] = [LLR],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const g = new GraphBuilder('sketch');
  for (const { name, type = 'float32', shape } of inputs) g.input(name, type, shape);
  for (const { name, type = 'float32', shape } of outputs)
    g.output({ name: 'anything', type, shape, producer: undefined }, name);
  return encodeModel(g, metadata);
}

function refusalOf(bytes: Uint8Array): string {
  try {
    readModelContract(bytes);
  } catch (error) {
    if (error instanceof SpikingRxError && error.code === 'FAILED_PRECONDITION') return error.message;
    throw error;
  }
  return 'accepted';
}

describe('readModelContract', () => {
  it('accepts a foreign model with the names and shapes of the contract', () => {
    expect(readModelContract(sketch([RX, DMRS]))).toMatchObject({
      nRx: 2,
      bitsPerSymbol: 6,
      nSym: undefined,
      nSc: undefined,
      config: undefined,
    });
  });

  it('reports fixed sizes', () => {
    const fixed = { ...RX, shape: ['batch', 2, 14, 'subcarriers'] };
    expect(readModelContract(sketch([fixed, DMRS]))).toMatchObject({ nRx: 1, nSym: 14, nSc: undefined });
  });

  it('reads the configuration', () => {
    const metadata = { [METADATA_KEYS.contract]: '1', [METADATA_KEYS.config]: '{"name": "rx"}' };
    expect(readModelContract(sketch([RX, DMRS], [LLR], metadata)).config).toEqual({ name: 'rx' });
  });

  it.each<{ why: string; model: Uint8Array; message: string }>([
    { why: 'no ONNX', model: new TextEncoder().encode('hello, world'), message: 'not an ONNX model' },
    { why: 'an empty file', model: new Uint8Array(), message: 'not an ONNX model: no graph in the file' },
    {
      why: 'a missing input',
      model: sketch([RX]),
      message: "expected an input 'dmrs', found rx_grid",
    },
    {
      why: 'no input at all',
      model: sketch([]),
      message: "expected an input 'rx_grid', found none",
    },
    {
      why: 'a missing output',
      model: sketch([RX, DMRS], [{ ...LLR, name: 'logits' }]),
      message: "expected an output 'llr', found logits",
    },
    {
      why: 'another input',
      model: sketch([RX, DMRS, { name: 'snr', shape: [1] }]),
      message: "unexpected input 'snr'",
    },
    {
      why: 'another element type',
      model: sketch([{ ...RX, type: 'int64' }, DMRS]),
      message: "input 'rx_grid' must be float32 (1), found element type 7",
    },
    {
      why: 'another rank',
      model: sketch([RX, { ...DMRS, shape: ['batch', 'symbols', 'subcarriers'] }]),
      message: "input 'dmrs' must have 4 dimensions, found [batch, symbols, subcarriers]",
    },
    {
      why: 'an odd number of planes',
      model: sketch([{ ...RX, shape: ['batch', 3, 'symbols', 'subcarriers'] }, DMRS]),
      message:
        "dimension 1 of 'rx_grid' must be an even number (2·nRx), found [batch, 3, symbols, subcarriers]",
    },
    {
      why: 'an unknown number of antennas',
      model: sketch([{ ...RX, shape: ['batch', 'planes', 'symbols', 'subcarriers'] }, DMRS]),
      message: "dimension 1 of 'rx_grid' must be an even number",
    },
    {
      why: 'pilots of more than one plane pair',
      model: sketch([RX, { ...DMRS, shape: ['batch', 4, 'symbols', 'subcarriers'] }]),
      message: "dimension 1 of 'dmrs' must be 2, found [batch, 4, symbols, subcarriers]",
    },
    {
      why: 'an unknown Qm',
      model: sketch([RX, DMRS], [{ ...LLR, shape: ['batch', 'bits', 'symbols', 'subcarriers'] }]),
      message: "dimension 1 of 'llr' must be a positive number (Qm)",
    },
    {
      why: 'grids of different sizes',
      model: sketch([
        { ...RX, shape: ['batch', 4, 14, 'subcarriers'] },
        { ...DMRS, shape: ['batch', 2, 12, 'subcarriers'] },
      ]),
      message: 'dimension 2 differs between tensors: 14, 12',
    },
    {
      why: 'a fixed batch size',
      model: sketch([{ ...RX, shape: [1, ...RX.shape.slice(1)] }, DMRS]),
      message: "dimension 0 of 'rx_grid' must be a batch of any size, found [1, ",
    },
    {
      why: 'another version of the contract',
      model: sketch([RX, DMRS], [LLR], { [METADATA_KEYS.contract]: '2' }),
      message: "spikingrx.contract must be 1, found '2'",
    },
    {
      why: 'a broken configuration',
      model: sketch([RX, DMRS], [LLR], { [METADATA_KEYS.contract]: '1', [METADATA_KEYS.config]: '{' }),
      message: 'spikingrx.config is not valid JSON',
    },
    {
      why: 'a missing configuration',
      model: sketch([RX, DMRS], [LLR], { [METADATA_KEYS.contract]: '1' }),
      message: 'spikingrx.config is not valid JSON',
    },
    {
      why: 'a configuration that is no object',
      model: sketch([RX, DMRS], [LLR], { [METADATA_KEYS.contract]: '1', [METADATA_KEYS.config]: '[1]' }),
      message: 'spikingrx.config must be a JSON object',
    },
  ])('refuses $why', ({ model, message }) => {
    expect(refusalOf(model)).toContain(message);
  });
});
