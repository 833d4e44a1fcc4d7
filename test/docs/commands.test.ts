import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ServiceProcess } from '#bench/service-process.js';
import { COMMANDS } from '#cli/commands.js';
import { hasTool } from '../helpers/tools.js';
import { asRun, NOT_RUN, PORTS, type Ports, SHORTENED } from './helpers/declared.js';
import { commandsOf, PAGES, type PageCommand } from './helpers/pages.js';
import { freePorts } from './helpers/ports.js';
import { Scratch } from './helpers/scratch.js';
import { bringsService, isRun, runScript, scriptOf } from './helpers/script.js';

const pages = PAGES.map((page) => [page, commandsOf(page)] as const).filter(
  ([, commands]) => commands.length > 0,
);
const all = pages.flatMap(([, commands]) => commands);
/** Commands within sentences too, with what follows them. */
const mentions = PAGES.map((page) => readFileSync(page, 'utf8').replaceAll('\\\n', ' ')).flatMap((text) =>
  [...text.matchAll(/\bnpm (?:run (?:-s )?)?([a-z][a-z:]*)(?: -- ([^`#|>\n]*))?/g)].map(
    ([, script = '', rest = '']) => [script, rest] as const,
  ),
);

describe('commands of the pages', () => {
  test('are those of a shell', () => {
    const script = all.map(({ text }) => text).join('\n');
    expect(all.length).toBeGreaterThan(60);
    expect(() => execFileSync('bash', ['-n', '-c', script], { stdio: 'pipe' })).not.toThrow();
  });

  test('are run but for those that are named, with a reason', () => {
    const named = [...NOT_RUN, ...SHORTENED].map(({ pattern }) => pattern);
    expect(named.filter((pattern) => !all.some(({ text }) => pattern.test(text)))).toEqual([]);
  });

  test('stand in blocks of `sh`', () => {
    const blocks = PAGES.flatMap((page) => [
      ...readFileSync(page, 'utf8').matchAll(/^ *```(.*)\n([^]*?)^ *```$/gm),
    ]).map(([block, language]) => ({ block, language }));
    const others = blocks.filter(({ language }) => language !== 'sh');
    expect(others.filter(({ block }) => /^(\$|npm|npx|node|curl|docker) /m.test(block))).toEqual([]);
  });

  test('are known to npm', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object };
    const own = new Set(['ci', 'install', 'audit']);
    const unknown = mentions.filter(([script]) => !own.has(script) && !Object.hasOwn(scripts, script));
    expect(mentions.length).toBeGreaterThan(50);
    expect(unknown).toEqual([]);
  });

  test('have only options that there are', async () => {
    for (const [script, rest] of mentions) {
      const [word = ''] = rest.split(' ');
      const name = script === 'spikingrx' ? word : script === 'start' ? 'serve' : script;
      if (!Object.hasOwn(COMMANDS, name)) continue;
      const help = ((await COMMANDS[name]?.()) ?? { helpInformation: () => '' }).helpInformation();
      const options = [...rest.matchAll(/--[a-z][a-z-]*/g)].map(String);
      expect({ rest, unknown: options.filter((option) => !help.includes(option)) }).toEqual({
        rest,
        unknown: [],
      });
    }
  });
});

interface Results {
  readonly files: readonly string[];
  readonly prints?: RegExp;
}

/** What the commands of a page leave behind, and print. */
const RESULTS: Readonly<Record<string, Results>> = {
  'README.md': {
    files: ['answer.json', 'llr.f32', 'runs/mine.json', 'runs/llr.i8'],
    prints: /^1248 bits, \d+ with the wrong LLR sign/m,
  },
  'docs/explanation/energy.md': { files: ['runs/energy/energy.md'] },
  'docs/how-to/report.md': {
    files: ['runs/report-oai/report.html'],
    prints: /^block6: 0\.\d\d,0\.\d\d$/m,
  },
  'docs/tutorial/your-own-receiver.md': {
    files: ['runs/models/my-first-receiver/1/model.onnx', 'runs/report/report.html', 'runs/answer.json'],
    prints: /^1248 bits, \d+ with the wrong LLR sign/m,
  },
  'docs/how-to/training.md': {
    files: ['runs/qpsk/checkpoint.bin', 'runs/models/spikingrx-qpsk-2rx/2/model.onnx'],
  },
};

describe.skipIf(!hasTool('curl'))('run in order, page by page', () => {
  const served = new Scratch();
  let shared: Promise<ServiceProcess> | undefined;
  afterAll(async () => {
    await (await shared)?.stop();
    served.remove();
  });

  /** A service of its own, or for pages that start none the one that they share. */
  async function portsFor(commands: readonly PageCommand[]): Promise<Ports> {
    const free = await freePorts();
    const callsOne = commands.some(({ text }) => asRun(text, PORTS).includes('localhost:800'));
    if (bringsService(commands) || !callsOne) return free;
    shared ??= ServiceProcess.start({ flags: ['--models-dir', served.models, '--workers', '1'] });
    const { httpPort, grpcPort } = await shared;
    return { ...free, 8000: httpPort, 8001: grpcPort };
  }

  async function run(commands: readonly PageCommand[], files: readonly string[] = []) {
    const ports = await portsFor(commands);
    const scratch = new Scratch();
    try {
      const { folder: cwd } = scratch;
      const output = await runScript(scriptOf(commands, ports), { cwd, env: scratch.environment(ports) });
      return { output, found: files.filter((path) => existsSync(join(cwd, path))) };
    } finally {
      scratch.remove();
    }
  }

  const followed = pages.filter(([, commands]) => commands.some(({ text }) => isRun(text)));

  test.concurrent.each(followed)('%s', { timeout: 120_000 }, async (page, commands) => {
    const { files = [], prints = /^/ } = RESULTS[page] ?? {};
    const { output, found } = await run(commands, files);
    expect(found).toEqual(files);
    expect(output).toMatch(prints);
  });

  test.each([
    ['a command', 'true\nfalse\ntrue', 'x.md:3: failed: exit status 1'],
    ['the first of two', 'false && true', 'x.md:2: failed: exit status 1'],
    [
      'a service that does not start',
      'npm start -- --models-dir nowhere',
      'x.md:2: failed: the service did not start',
    ],
  ])('would tell the line of %s that fails', async (_, commands, message) => {
    await expect(run(commandsOf('x.md', `\`\`\`sh\n${commands}\n\`\`\`\n`))).rejects.toThrow(message);
  });
});
