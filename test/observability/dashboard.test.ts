import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboard, queries, type Panel } from './helpers/dashboard.js';
import { documentedMetrics, metricsIn } from './helpers/documented-metrics.js';

const DOCKER = fileURLToPath(new URL('../../docker/', import.meta.url));
const yaml = (path: string): unknown => parse(readFileSync(join(DOCKER, path), 'utf8'));

const { panels } = dashboard;
const overlap = ({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

describe('the dashboard', () => {
  test('has a row for each thing that docs/how-to/operations.md says to watch', () => {
    const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual([
      'Traffic and errors',
      'Latency by stage',
      'Batches and queue',
      'Deadlines',
      'Quality',
      'Models and workers',
      'Process',
    ]);
  });

  test('numbers its panels once each, and puts them beside each other', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const outside = panels.filter(({ gridPos: { x, w, h } }) => x < 0 || w < 1 || h < 1 || x + w > 24);
    expect(outside).toEqual([]);
    const overlapping = panels.filter((panel, i) =>
      panels.slice(i + 1).some((other) => overlap(panel, other)),
    );
    expect(overlapping).toEqual([]);
  });

  test('asks the data source that is chosen in it', () => {
    const names = dashboard.templating.list.map(({ name }) => name);
    expect(names).toEqual(['datasource', 'instance']);
    const asking = panels.filter(({ type }) => type !== 'row');
    expect(asking.filter(({ targets = [] }) => targets.length === 0)).toEqual([]);
    const sources = asking.flatMap(({ datasource, targets = [] }) => [
      datasource,
      ...targets.map((target) => target.datasource),
    ]);
    const wrong = sources.filter((source) => source?.type !== 'prometheus' || source.uid !== '${datasource}');
    expect(wrong).toEqual([]);
    const repeated = asking.filter(
      ({ targets = [] }) => new Set(targets.map(({ refId }) => refId)).size < targets.length,
    );
    expect(repeated).toEqual([]);
  });

  test('shows only instances that are chosen, by documented metrics and labels that they have', () => {
    const documented = documentedMetrics();
    const selections = queries.flatMap(({ title, expr }) =>
      metricsIn(expr).map((selection) => ({ title, ...selection })),
    );
    expect(selections.length).toBeGreaterThan(60);
    const wrong = selections.filter(
      ({ name, labels }) =>
        !labels.includes('instance') || labels.some((label) => !documented.get(name)?.includes(label)),
    );
    expect(wrong).toEqual([]);
  });

  test('names in its legends only labels that the query leaves', () => {
    const targets = panels.flatMap((panel) => panel.targets ?? []);
    const wrong = targets.filter(({ expr, legendFormat = '' }) => {
      const left = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, by = '']) => by.split(/,\s*/));
      const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      return left.length > 0 && named.some((label) => !left.includes(label));
    });
    expect(wrong).toEqual([]);
  });
});

describe('what compose starts', () => {
  const { services } = yaml('docker-compose.yml') as {
    services: Record<string, { volumes?: string[]; depends_on?: string[] }>;
  };

  test('mounts what is there', () => {
    const mounts = Object.values(services).flatMap(({ volumes = [] }) => volumes);
    const sources = mounts.map((mount) => mount.split(':')[0] as string);
    expect(sources.length).toBeGreaterThanOrEqual(4);
    expect(sources.filter((source) => !existsSync(join(DOCKER, source)))).toEqual([]);
  });

  test('gives Grafana the data source and the dashboard', () => {
    expect(services['grafana']?.depends_on).toEqual(['prometheus']);
    const { datasources } = yaml('grafana/provisioning/datasources/prometheus.yml') as {
      datasources: { type: string; url: string }[];
    };
    expect(datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }]);
    const { providers } = yaml('grafana/provisioning/dashboards/spikingrx.yml') as {
      providers: { options: { path: string } }[];
    };
    expect(services['grafana']?.volumes).toContain(`./grafana/dashboards:${providers[0]?.options.path}:ro`);
  });
});
