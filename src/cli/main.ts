#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { SpikingRxError } from '../errors.js';
import { VERSION } from '../version.js';
import { benchCommand } from './bench.js';
import { demoCommand } from './demo.js';
import { energyCommand } from './energy.js';
import { evaluateCommand } from './evaluate.js';
import { exitCodeOf } from './exit-codes.js';
import { exportCommand } from './export.js';
import { goldenCommand } from './golden.js';
import { inferCommand } from './infer.js';
import { keyCommand } from './key.js';
import { replayCommand } from './replay.js';
import { serveCommand } from './serve.js';
import { simulateCommand } from './simulate.js';
import { soakCommand } from './soak.js';
import { trainCommand } from './train.js';

const COMMANDS = [
  serveCommand, //
  keyCommand,
  demoCommand,
  simulateCommand,
  trainCommand,
  exportCommand,
  goldenCommand,
  evaluateCommand,
  energyCommand,
  inferCommand,
  replayCommand,
  benchCommand,
  soakCommand,
];

const program = new Command('spikingrx')
  .description('Spiking neural receiver for 5G NR: received grid and DMRS in, bit LLRs out')
  .version(VERSION)
  .exitOverride()
  .showHelpAfterError('(see --help)');
for (const command of COMMANDS)
  program.addCommand(command().exitOverride().showHelpAfterError('(see --help)'));

/** What the user can mend is one line; anything else is a fault of ours and shows where. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The operating system's refusals, of a path or an address, name it.
  return error instanceof SpikingRxError || 'syscall' in error ? error.message : String(error.stack);
}

try {
  await program.parseAsync();
} catch (error) {
  // Commander has said its own already.
  if (!(error instanceof CommanderError)) console.error(`spikingrx: ${textOf(error)}`);
  process.exitCode = exitCodeOf(error);
}
