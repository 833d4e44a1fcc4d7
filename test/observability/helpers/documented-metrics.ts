import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../../docs/reference/metrics.md', import.meta.url));
/** Labels that Prometheus itself puts on everything. */
const SCRAPE_LABELS = ['job', 'instance'];
/** Of Prometheus and of the process, whom others document. */
const FOREIGN = ['up', 'process_resident_memory_bytes', 'process_cpu_seconds_total', 'process_open_fds'];
const FOREIGN_HEAP = ['nodejs_heap_size_used_bytes', 'nodejs_external_memory_bytes', 'process_max_fds'];

/** Series that docs/reference/metrics.md promises, with the labels that they may have. */
export function documentedMetrics(): ReadonlyMap<string, readonly string[]> {
  const series = new Map<string, readonly string[]>();
  for (const name of [...FOREIGN, ...FOREIGN_HEAP]) series.set(name, SCRAPE_LABELS);
  const rows = readFileSync(PAGE, 'utf8').matchAll(/^\| `(spikingrx_\w+)` \| (\w+) \|([^|]*)\|/gm);
  for (const [, name = '', type, columns = ''] of rows) {
    const labels = [...SCRAPE_LABELS, ...columns.split(',').map((label) => label.trim())];
    if (type === 'histogram') {
      series.set(`${name}_bucket`, [...labels, 'le']);
      series.set(`${name}_sum`, labels);
      series.set(`${name}_count`, labels);
    } else series.set(name, labels);
  }
  return series;
}

/** Metrics that an expression selects, with the labels it selects by; not what rules record. */
export function metricsIn(expression: string): readonly { name: string; labels: readonly string[] }[] {
  const found = expression.matchAll(
    /(?<![\w:$"])((?:spikingrx|process|nodejs)_\w+|up)\b(?!:)(?:\{([^}]*)\})?/g,
  );
  return [...found].map(([, name = '', selector = '']) => ({
    name,
    labels: [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }));
}
