/** Numbers as people read them. */

/** Three figures that matter, at most: 0.123, 1.23, 12.3, 1,234. */
export function short(value: number): string {
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size >= 99.95) return sign + Math.round(size).toLocaleString('en');
  if (size >= 9.995) return sign + trimmed(size.toFixed(1));
  if (size >= 1) return sign + trimmed(size.toFixed(2));
  return size === 0 ? '0' : sign + trimmed(size.toPrecision(2));
}

function trimmed(text: string): string {
  return text.includes('.') && !text.includes('e') ? text.replace(/\.?0+$/, '') : text;
}

/** Bytes as mebibytes or gibibytes, with their unit. */
export function bytes(value: number): string {
  const mebibytes = value / 2 ** 20;
  return mebibytes < 1024 ? `${short(mebibytes)} MiB` : `${short(mebibytes / 1024)} GiB`;
}

/** 42 s; 3 min 20 s; 2 h 5 min; 3 d 4 h. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [minutes, hours, days] = [
    Math.floor(seconds / 60),
    Math.floor(seconds / 3600),
    Math.floor(seconds / 86_400),
  ];
  if (days > 0) return `${days} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** Time of day by the viewer's clock: 14:03:59. */
export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

/** Day and time: 2026-11-24 14:03:59. */
export function moment(at: number): string {
  const date = new Date(at);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return `${day.map((part) => String(part).padStart(2, '0')).join('-')} ${clockTime(at)}`;
}
