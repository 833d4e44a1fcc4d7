#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { SpikingRxError } from '../errors.js';
import { VERSION } from '../version.js';
import { COMMANDS } from './commands.js';
import { exitCodeOf } from './exit-codes.js';

const program = new Command('spikingrx')
  .description('Spiking neural receiver for 5G NR: received grid and DMRS in, bit LLRs out')
  .version(VERSION)
  .exitOverride()
  .showHelpAfterError('(see --help)');
// Without a command's name, or with one that is none, the help or the hint to a similar name needs them all.
const asked = process.argv[2] ?? '';
for (const name of Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS)) {
  const command = await (COMMANDS[name] as (typeof COMMANDS)[string])();
  program.addCommand(command.exitOverride().showHelpAfterError('(see --help)'));
}

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
