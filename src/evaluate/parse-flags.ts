/** Values of the command line's flags. Every error names the flag, what it takes and what came. */
import { invalid } from '../errors.js';
import { TDL_PROFILE_NAMES, type TdlProfileName } from '../phy/tdl/profiles.js';

function number(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

export function parseNumbers(flag: string, text: string): number[] {
  const values = text.split(',').map(number);
  if (values.some((value) => !Number.isFinite(value)))
    throw invalid(flag, 'numbers separated by commas', text);
  return values;
}

/** SNRs in ascending order, each once. */
export function parseSnrs(flag: string, text: string): number[] {
  return [...new Set(parseNumbers(flag, text))].toSorted((a, b) => a - b);
}

export function parseInteger(flag: string, text: string, least: number, most?: number): number {
  const value = number(text);
  if (!Number.isInteger(value) || value < least || value > (most ?? Number.MAX_SAFE_INTEGER))
    throw invalid(flag, `an integer from ${least}${most === undefined ? '' : ` to ${most}`}`, text);
  return value;
}

/** `lo,hi` with `least` ≤ lo ≤ hi, or one value for both. */
export function parseRange(flag: string, text: string, least: number, unit: string): [number, number] {
  const values = parseNumbers(flag, text);
  const [low, high = low] = values as [number, number?];
  if (values.length > 2 || low > high || low < least)
    throw invalid(flag, `lowest,highest in ${unit}, from ${least}, in this order`, text);
  return [low, high];
}

/** Whole numbers from `least` to `most`, strictly ascending. */
export function parseAscending(
  flag: string,
  text: string,
  { least, most, example }: { readonly least: number; readonly most: number; readonly example: string },
): number[] {
  const values = parseNumbers(flag, text);
  const fit = values.every(
    (value, i) =>
      Number.isInteger(value) &&
      value >= least &&
      value <= most &&
      (i === 0 || value > (values[i - 1] as number)),
  );
  if (!fit)
    throw invalid(flag, `ascending whole numbers from ${least} to ${most}, for example ${example}`, text);
  return values;
}

export type Channels = { readonly profiles: TdlProfileName[] } | { readonly channel: 'awgn' | 'rayleigh' };

export function parseProfiles(flag: string, text: string): Channels {
  if (text === 'awgn' || text === 'rayleigh') return { channel: text };
  const names: readonly string[] = text.split(',');
  const known: readonly string[] = TDL_PROFILE_NAMES;
  if (!names.every((name) => known.includes(name)))
    throw invalid(flag, `some of ${known.join(', ')}, or awgn or rayleigh alone`, text);
  return { profiles: names as TdlProfileName[] };
}

export function parseChoices<T extends string>(flag: string, text: string, choices: readonly T[]): T[] {
  const names = text === 'none' ? [] : text.split(',');
  const chosen = choices.filter((choice) => names.includes(choice));
  if (names.some((name) => !(choices as readonly string[]).includes(name)))
    throw invalid(flag, `some of ${choices.join(', ')}, or none`, text);
  return chosen;
}

/** `host:port` or `host:port/model`. */
export function parseService(flag: string, text: string): { target: string; model?: string } {
  const [, target, model] = /^([^/\s]+:\d+)(?:\/([^/\s]+))?$/.exec(text) ?? [];
  if (target === undefined) throw invalid(flag, 'host:port or host:port/model', text);
  return { target, ...(model !== undefined && { model }) };
}

/** `file` or `name=file`. */
export function parseModel(text: string): { file: string; label?: string } {
  const [, label, file] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [];
  return label === undefined || file === undefined ? { file: text } : { file, label };
}
