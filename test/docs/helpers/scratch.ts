import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PYTHON } from '../../helpers/tools.js';
import { type Ports, TRAINING } from './declared.js';

/** The small models: what the services of the pages serve, so that they start quickly. */
const SERVED = ['spikingrx-qpsk-1rx', 'spikingrx-qpsk-2rx'];
/** Folders that commands of the pages write into; the others are links to those of the repository. */
const COPIED: ReadonlySet<string> = new Set(['clients', 'docs', 'samples']);

/** A copy of the repository as a reader has it after `npm ci && npm run build`, for one page's commands to write into. */
export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), 'spikingrx-page-'));

  constructor() {
    const root = process.cwd();
    for (const name of readdirSync(root)) {
      if (COPIED.has(name)) cpSync(join(root, name), join(this.folder, name), { recursive: true });
      else if (!['models', 'runs', '.git'].includes(name))
        symlinkSync(join(root, name), join(this.folder, name));
    }
    mkdirSync(join(this.folder, 'models'));
    for (const name of readdirSync('models')) {
      const [from, to] = [join(root, 'models', name), join(this.folder, 'models', name)];
      if (SERVED.includes(name)) cpSync(from, to, { recursive: true });
      else symlinkSync(from, to);
    }
    mkdirSync(this.models);
    for (const name of SERVED) symlinkSync(join(this.folder, 'models', name), join(this.models, name));
    const trained = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
    for (const path of trained.filter((name) => name.endsWith('.yaml')).map((name) => join('docs', name)))
      writeFileSync(
        join(this.folder, path),
        readFileSync(path, 'utf8').replaceAll(
          /^( +(steps|batch): )\d+$/gm,
          (_, key: string, name: keyof typeof TRAINING) => `${key}${TRAINING[name]}`,
        ),
      );
    mkdirSync(this.bin);
    writeFileSync(join(this.bin, 'npm'), npm(), { mode: 0o755 });
    symlinkSync(PYTHON, join(this.bin, 'python3'));
  }

  /** What services serve that are not told what. */
  get models(): string {
    return join(this.folder, 'served');
  }

  /** Goes before the path. */
  get bin(): string {
    return join(this.folder, '.bin');
  }

  /** The environment of the page's commands. */
  environment(ports: Ports): NodeJS.ProcessEnv {
    return {
      PATH: [this.bin, dirname(process.execPath), process.env['PATH']].join(':'),
      HOME: this.folder,
      SPIKINGRX_HOST: '127.0.0.1',
      SPIKINGRX_HTTP_PORT: String(ports[8000]),
      SPIKINGRX_GRPC_PORT: String(ports[8001]),
      SPIKINGRX_MODELS_DIR: this.models,
      SPIKINGRX_WORKERS: '1',
      SPIKINGRX_DRAIN_DELAY_MS: '0',
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** npm as the pages use it. Installing and building is over when tests run; what a script does then is in package.json. */
function npm(): string {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const built = Object.entries(scripts).flatMap(([name, script]) => {
    const [, rest] = /^npm run --silent buil[dt] && (?:exec )?(node .*)$/.exec(script) ?? [];
    return rest === undefined ? [] : [`  ${name}) exec ${rest} "$@";;`];
  });
  return [
    '#!/usr/bin/env bash',
    'case $1 in ci) exit;; run) shift;; esac',
    'while [[ $1 == -* ]]; do shift; done',
    'name=$1; shift; [ "${1-}" != -- ] || shift',
    'case $name in',
    '  build) ;;',
    ...built,
    '  *) echo "npm: $name is not run here" >&2; exit 1;;',
    'esac',
    '',
  ].join('\n');
}
