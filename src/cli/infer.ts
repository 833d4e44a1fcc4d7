import { Command, InvalidArgumentError, Option } from 'commander';
import { invalid } from '../errors.js';
import type { SlotResult } from '../infer/infer.js';
import type { ReceiverChoice } from '../infer/receiver.js';

interface InferFlags extends ReceiverChoice {
  readonly oai?: string;
  readonly sigmf?: string;
  readonly out?: string;
  readonly format?: 'f32' | 'i8';
  readonly scale?: number;
  readonly json?: boolean;
}

function positiveNumber(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('expected a positive number.');
  return value;
}

export function inferCommand(): Command {
  return new Command('infer')
    .description('LLRs of a dumped slot from any receiver, beside those that the dump has')
    .option('--oai <dir>', 'a bundle of OpenAirInterface: fullgrid.bin, pdsch_cfg.txt, ldpc_cfg.txt, …')
    .option('--sigmf <file>', 'a SigMF recording of grids: .sigmf-meta, or without its ending')
    .option('--model <[name=]file>', 'a model.onnx')
    .option('--service <host:port[/model]>', 'a running service, over gRPC')
    .addOption(
      new Option(
        '--receiver <name>',
        'the conventional receiver, with the noise variance estimated from the pilots',
      ).choices(['ls-lmmse']),
    )
    .option('--out <file>', 'write the LLRs there: codeword order, before descrambling, positive = 0')
    .addOption(
      new Option(
        '--format <name>',
        'of --out: f32, or i8 (rounded, saturated at ±127) (default: f32)',
      ).choices(['f32', 'i8']),
    )
    .option(
      '--scale <factor>',
      'LLRs in --out are multiplied by it (default: 1, and 4 for i8)',
      positiveNumber,
    )
    .option('--json', 'print the result as JSON')
    .action(infer);
}

/** Decoder and runtime take longer to load than most commands to run. */
async function infer(flags: InferFlags): Promise<void> {
  const { inferDump, readOaiDump, readSigmfDump } = await import('../infer/infer.js');
  const { defaultScale, writeLlrs } = await import('../infer/output.js');
  const { openSlotReceiver } = await import('../infer/receiver.js');
  const { formatJson, formatText } = await import('../infer/report.js');
  const { oai, sigmf, out, format = 'f32' } = flags;
  const dump = oai ?? sigmf;
  if (dump === undefined || (oai !== undefined && sigmf !== undefined))
    throw invalid('dump', 'one of --oai and --sigmf', dump === undefined ? 'none' : 'both');
  for (const flag of ['format', 'scale'] as const)
    if (out === undefined && flags[flag] !== undefined)
      throw invalid(`--${flag}`, '--out, which it is of', 'none');
  const entries = oai === undefined ? readSigmfDump(dump) : readOaiDump(dump);
  const [first] = entries;
  if (first === undefined) throw invalid(dump, 'at least one slot', 'none');
  const receiver = await openSlotReceiver(flags, first.slot);
  let slots: SlotResult[];
  try {
    slots = await inferDump(entries, receiver);
  } finally {
    await receiver.release();
  }
  const scale = flags.scale ?? defaultScale(format);
  const llrs = slots.map((slot) => slot.llrs);
  const written = out === undefined ? undefined : writeLlrs(llrs, { path: out, format, scale });
  const result = { dump, receiver: receiver.name, slots, ...(written && { written }) };
  console.log(flags.json ? formatJson(result) : formatText(result));
}
