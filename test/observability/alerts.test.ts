import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { hasTool } from '../helpers/tools.js';
import { documentedMetrics, metricsIn } from './helpers/documented-metrics.js';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly summary?: string; readonly runbook_url?: string };
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { groups } = parse(read('docker/alerts.yml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);

function promtool(...args: readonly string[]): string {
  return execFileSync('promtool', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
}

describe.skipIf(!hasTool('promtool'))('promtool', () => {
  test('takes the rules and the configuration of Prometheus', () => {
    expect(promtool('check', 'config', 'docker/prometheus.yml')).toContain(`SUCCESS: ${rules.length} rules`);
  });

  test('sees the right ones fire, and no others', () => {
    expect(promtool('test', 'rules', 'test/observability/alerts.test.yml')).toContain('SUCCESS');
  });
});

test('every alert is made to fire by the tests of the rules', () => {
  const tests = read('test/observability/alerts.test.yml');
  const untested = alerts.filter(({ alert }) => !tests.includes(`alertname="${alert}"`));
  expect(untested.map(({ alert }) => alert)).toEqual([]);
});

test.each(alerts)('$alert has a severity, a summary, and a section in docs/how-to/operations.md', (rule) => {
  const { alert = '', labels, annotations } = rule;
  expect(['critical', 'warning']).toContain(labels?.severity);
  expect(annotations?.summary).toMatch(/\{\{ \$/);
  expect(annotations?.runbook_url).toBe(`docs/how-to/operations.md#${alert.toLowerCase()}`);
  expect(read('docs/how-to/operations.md')).toContain(`\n### ${alert}\n`);
});

test('docs/how-to/operations.md has no section for an alert that does not exist', () => {
  const sections = [...read('docs/how-to/operations.md').matchAll(/^### (SpikingRx\w+)$/gm)].map(
    ([, name]) => name,
  );
  expect(new Set(sections)).toEqual(new Set(alerts.map(({ alert }) => alert)));
});

test('every metric of the rules is a documented one, with labels that it has', () => {
  const documented = documentedMetrics();
  const selections = rules.flatMap(({ expr }) => metricsIn(expr));
  expect(selections.length).toBeGreaterThan(30);
  const wrong = selections.filter(({ name, labels }) => {
    const known = documented.get(name);
    return !known || labels.some((label) => !known.includes(label));
  });
  expect(wrong).toEqual([]);
});
