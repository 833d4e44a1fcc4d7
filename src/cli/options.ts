import { type Command, InvalidArgumentError, Option } from 'commander';

/** Parsers for commander options: the message names what was expected. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a positive integer.');
  return value;
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('expected a positive number.');
  return value;
}

export function wholeNumber(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError('expected a whole number from 0.');
  return value;
}

export function numberList(text: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (values.some((value) => !Number.isFinite(value)))
    throw new InvalidArgumentError('expected numbers separated by commas, for example -4,0,4.');
  return values;
}

/** An option that may be given again and again; `absent` says in the help what holds without it. */
export function repeatable(flags: string, description: string, absent: string): Option {
  return new Option(flags, description)
    .argParser((text: string, before: readonly string[]) => [...before, text])
    .default([], absent);
}

/** Flags that change what a scenario draws. */
export function scenarioOptions(command: Command): Command {
  return command
    .option('--doppler <lo,hi>', 'maximum Doppler shift in Hz')
    .option('--delay-spread <lo,hi>', 'RMS delay spread in ns')
    .addOption(
      repeatable(
        '--dmrs <list>',
        'symbols with DMRS, for example 2,11; again for another set',
        'those of the scenario',
      ),
    )
    .option('--dmrs-type <list>', 'DMRS configuration types drawn: 1, 2 or 1,2')
    .option('--cdm-groups <list>', 'CDM groups without data drawn: 1, 2 or 1,2; with type 2 also 3');
}
