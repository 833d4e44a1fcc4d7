import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const files = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isFile());
const texts = files.filter((path) => !/\.(onnx|bin|cf32|png)$/.test(path));

test('no file names a package registry or a place on somebody’s machine', () => {
  const forbidden = /registry\.[a-z]+\.(?:org|com)|(?<![\w.}])\/(?:work|root)\/\w/;
  const found = texts.filter((path) => forbidden.test(read(path)));
  expect(found).toEqual([]);
});

describe('package.json and the lock file', () => {
  interface Manifest {
    readonly version: string;
    readonly scripts: Record<string, string>;
    readonly dependencies: Record<string, string>;
    readonly devDependencies: Record<string, string>;
  }
  const manifest = JSON.parse(read('package.json')) as Manifest;
  const lock = JSON.parse(read('package-lock.json')) as {
    readonly packages: Record<string, Partial<Manifest> & { resolved?: string }>;
  };

  test('agree, with exact versions', () => {
    const root = lock.packages[''];
    expect(root?.dependencies).toEqual(manifest.dependencies);
    expect(root?.devDependencies).toEqual(manifest.devDependencies);
    const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    const locked = wanted.map(([name]) => [name, lock.packages[`node_modules/${name}`]?.version]);
    expect(locked).toEqual(wanted);
    expect(wanted.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test('need no pre- and post-scripts, which .npmrc keeps npm from running', () => {
    expect(read('.npmrc')).toContain('ignore-scripts=true');
    const names = Object.keys(manifest.scripts);
    expect(names.filter((name) => /^(pre|post)/.test(name))).toEqual([]);
  });

  test('leave where packages come from to npm', () => {
    const pinned = Object.entries(lock.packages).filter(([, { resolved }]) => resolved?.includes('://'));
    expect(pinned.map(([name]) => name)).toEqual([]);
  });
});

describe('Markdown links', () => {
  const pages = files.filter((path) => path.endsWith('.md'));

  test.each(pages)('%s: every link leads somewhere', (page) => {
    const broken = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target as string)
      .filter((target) => !/^[a-z]+:/.test(target) && !resolves(page, target));
    expect(broken).toEqual([]);
  });
});

function resolves(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || headings(read(target)).has(anchor);
}

/** Anchors as the usual renderers make them. */
function headings(markdown: string): Set<string> {
  const titles = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title as string);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test('the licence is the whole Apache License 2.0', () => {
  const text = read('LICENSE');
  expect(text).toContain('Apache License');
  expect(text).toContain('Version 2.0, January 2004');
  expect(text).toContain('APPENDIX: How to apply the Apache License to your work.');
});
