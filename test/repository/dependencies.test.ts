import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What each folder of src may import beside itself and the files in src itself: docs/explanation/architecture.md, as a test. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  nr: [],
  onnx: [],
  wire: [],
  chart: [],
  nn: ['nr', 'onnx'],
  grad: ['onnx'],
  phy: ['nr'],
  engine: ['onnx/contract', 'onnx/golden', 'onnx/model-nodes', 'onnx/signature', 'onnx/taps'],
  client: ['wire'],
  server: ['engine', 'nr', 'wire'],
  train: ['chart', 'engine/session', 'grad', 'nn', 'nr', 'onnx', 'phy'],
  evaluate: ['chart', 'client', 'engine/session', 'nr', 'onnx', 'phy', 'train'],
  energy: ['chart', 'engine/session', 'evaluate', 'nr', 'onnx', 'phy', 'train'],
  dumps: ['nr', 'phy'],
  infer: ['dumps', 'engine/llr-format', 'evaluate', 'nr', 'phy'],
  bench: ['client', 'engine/cores', 'engine/session', 'nn', 'nr', 'onnx', 'phy', 'train'],
  replay: ['client', 'wire'],
  soak: ['bench', 'chart', 'client', 'phy'],
  demo: ['bench', 'client', 'phy', 'train'],
  docs: ['cli', 'server'],
  report: ['chart', 'dumps', 'energy', 'engine/session', 'evaluate', 'nn', 'nr', 'onnx', 'phy', 'train'],
  dashboard: [
    'chart',
    'client/rest-binary',
    'client/types',
    'dumps',
    'evaluate/statistics',
    'nr',
    'phy',
    'wire/latest',
    'wire/live',
    'wire/spikes',
  ],
};

interface Import {
  readonly file: string;
  readonly target: string;
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((f) => /\.tsx?$/.test(f));

/** Imports of other files of src, both as paths below src without their ending. */
const imports: readonly Import[] = sources.flatMap((file) => {
  const text = readFileSync(join('src', file), 'utf8');
  const relatives = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)\.js'/g)].map((match) =>
    String(match[1]),
  );
  return relatives.map((path) => ({ file, target: normalize(join(dirname(file), path)) }));
});

function folderOf(path: string): string | undefined {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : undefined;
}

function isAllowed({ file, target }: Import): boolean {
  const [from, to] = [folderOf(file), folderOf(target)];
  if (from === 'cli' || to === undefined || from === to) return true;
  return (ALLOWED[String(from)] ?? []).some(
    (allowed) => target === allowed || target.startsWith(`${allowed}/`),
  );
}

describe('dependencies', () => {
  it('point one way', () => {
    expect(imports.length).toBeGreaterThan(300);
    expect(imports.filter((one) => !isAllowed(one))).toEqual([]);
  });

  it('are judged: an import against the direction would be seen', () => {
    expect(isAllowed({ file: 'engine/queue.ts', target: 'server/config' })).toBe(false);
    expect(isAllowed({ file: 'engine/queue.ts', target: 'onnx/graph' })).toBe(false);
  });

  it('name every folder', () => {
    const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(Object.keys(ALLOWED).concat('cli').toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
  });

  it('reach onnxruntime-node through one file', () => {
    const importers = sources.filter((file) =>
      /from 'onnxruntime-(node|common)'/.test(readFileSync(join('src', file), 'utf8')),
    );
    expect(importers.map((file) => relative('.', file))).toEqual(['engine/session.ts']);
  });
});
