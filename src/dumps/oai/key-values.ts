/** Text of one `key value` a line, values whole numbers: how OAI's dumps write their configurations. */
import { invalid } from '../../errors.js';
import { describe } from '../../schema-error.js';
import type { DumpFiles } from '../files.js';
import { inFile } from '../in-file.js';

/** Least and most value of a key. */
export type Range = readonly [number, number];

export type Keys<K extends string> = Readonly<Record<K, Range>>;

/** Values by key. */
export type KeyValues<R extends string, O extends string> = Readonly<Record<R, number>> &
  Readonly<Partial<Record<O, number>>>;

const MOST_BYTES = 65_536;

/**
 * Reads such a file.
 * @param required keys that must be there, in the order in which they are written.
 * @param optional keys that may be there.
 * @throws INVALID_ARGUMENT that names the file and the key, for keys that are missing, unknown or there twice, and
 *   for values that are no whole numbers in the key's range.
 */
export function readKeyValues<R extends string, O extends string>(
  files: DumpFiles,
  name: string,
  required: Keys<R>,
  optional: Keys<O>,
): KeyValues<R, O> {
  const text = new TextDecoder().decode(files.read(name, MOST_BYTES));
  return inFile(files.pathOf(name), () => {
    const values = parseLines(text, new Map(Object.entries<Range>({ ...required, ...optional })));
    const missing = Object.keys(required).find((key) => !values.has(key));
    if (missing !== undefined) throw invalid(missing, 'a line with this key', 'none');
    return Object.fromEntries(values) as KeyValues<R, O>;
  });
}

function parseLines(text: string, keys: ReadonlyMap<string, Range>): Map<string, number> {
  const values = new Map<string, number>();
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '') return;
    const [key, value, ...rest] = line.trim().split(/\s+/);
    if (key === undefined || value === undefined || rest.length > 0)
      throw invalid(`line ${i + 1}`, 'a key and a value', describe(line));
    const range = keys.get(key);
    if (range === undefined)
      throw invalid(`line ${i + 1}`, `one of the keys ${[...keys.keys()].join(', ')}`, describe(key));
    if (values.has(key)) throw invalid(key, 'one line with this key', 'two');
    values.set(key, parseValue(key, value, range));
  });
  return values;
}

function parseValue(key: string, text: string, [least, most]: Range): number {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw invalid(key, `a whole number from ${least} to ${most}`, describe(text));
  return value;
}

/** The text of such a file: keys in the given order, those without a value left out. */
export function formatKeyValues<K extends string>(
  order: readonly K[],
  values: Readonly<Partial<Record<K, number>>>,
): string {
  return order.map((key) => (values[key] === undefined ? '' : `${key} ${values[key]}\n`)).join('');
}
