/** Charts are given in the light colours, as the figures of reports and documents are; here they become those of a scheme. */
import { DARK_OF } from '../../chart/colours.js';
import type { Scheme } from '../theme.js';

/**
 * The same option with the colours of a scheme in place of the light ones. Numbers (`data` of a series is mostly
 * that) are shared, not copied; colours in `data` are those of the light scheme too.
 */
export function inScheme<T>(option: T, scheme: Scheme): T {
  return scheme === 'light' ? option : (darkened(option) as T);
}

function darkened(value: unknown): unknown {
  if (typeof value === 'string') return DARK_OF.get(value.toLowerCase()) ?? value;
  if (Array.isArray(value)) return isPlainData(value) ? value : value.map(darkened);
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, darkened(part)]));
}

/** Points or numbers, as the data of most series are: judged by the first, as there may be thousands. */
function isPlainData(values: readonly unknown[]): boolean {
  const first = values[0];
  return typeof first === 'number' || (Array.isArray(first) && typeof first[0] === 'number');
}
