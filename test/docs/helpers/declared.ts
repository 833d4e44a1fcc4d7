import { hasPython, hasTool } from '../../helpers/tools.js';

interface Declared {
  readonly pattern: RegExp;
  readonly why: string;
}

const PYTHON_CLIENTS =
  hasTool('protoc') && hasTool('grpc_python_plugin') && hasPython('grpc', 'numpy', 'google.protobuf');

/** Commands of the pages that are not run here. Their syntax is checked, and that npm knows the script and we the options. */
const NEVER: readonly Declared[] = [
  { pattern: /^docker /, why: 'needs a Docker daemon' },
  { pattern: /^sudo apt-get /, why: 'changes the machine; `.ci/packages` does it where it may' },
  { pattern: /^npm run docs$/, why: 'writes into docs/ of the repository; test/docs compares' },
  { pattern: /^npm run soak -- --record/, why: 'writes into bench/ of the repository' },
  { pattern: /^npm (test|run (check|format)\b)|npx vitest|^\.ci\/run/, why: 'is what runs this test' },
  ...(PYTHON_CLIENTS
    ? []
    : [{ pattern: /^python3 |protoc /, why: 'needs packages of Python that are not here' }]),
];

/** Commands that take their time and are much like another one: run when the variable `ALL_COMMANDS` is set. */
const ON_REQUEST: readonly Declared[] = [
  {
    pattern: /train --config models\/\S+ --out runs\/(mine |.*(qpsk|16qam|64qam)-\d)/,
    why: 'as on the page about training, with other files',
  },
  { pattern: /evaluate --model fast=/, why: 'as the others, with more models' },
  {
    pattern: /evaluate --model models\/\S+( --out runs\/evaluation)?$/,
    why: 'as on the page about training, of another file',
  },
  { pattern: /evaluate --model runs\/models\/spikingrx-256qam/, why: 'as in the tutorial, of another model' },
  {
    pattern: /evaluate --model models\/\S+ --profiles \S+ --doppler \S+ --case/,
    why: 'as in the tutorial, as one case',
  },
  { pattern: /evaluate --doppler .* --snr 2,3,4/, why: 'as the next, which names the modulation' },
  {
    pattern: /(energy|report) --model models\/spikingrx-qpsk-2rx\/2\/model.onnx$/,
    why: 'as on the pages about them, with more options',
  },
  { pattern: /energy --model "1 step=/, why: 'as for two models' },
  { pattern: /npm run demo\b/, why: 'test/demo does the same in short' },
  {
    pattern:
      /report --model (models.* (--profile|--sections|--sigmf|--out runs\/explained)|.*16qam.* --out runs\/report$)/,
    why: 'as in the tutorial, or of a bundle, without these flags',
  },
  { pattern: /^npm run bench/, why: 'test/bench measures the same in short' },
  { pattern: /^npm run soak( --|\s+#)(?! --help)/, why: 'test/soak does the same in short' },
];

export const NOT_RUN = process.env['ALL_COMMANDS'] === undefined ? [...NEVER, ...ON_REQUEST] : NEVER;

interface Shortened extends Declared {
  /** Put at the end: of an option that is given twice, the last holds. */
  readonly flags: string;
}

const called = (command: string): RegExp =>
  new RegExp(`(npm run (-s )?(spikingrx -- )?|main\\.js )${command}\\b`);

/** Commands that are run with less to do than on the page. */
export const SHORTENED: readonly Shortened[] = [
  { pattern: called('train --config models/'), flags: '--stop-at 1', why: 'one step of training' },
  { pattern: called('evaluate'), flags: '--slots 1 --snr 8 --workers 1', why: 'one slot a case' },
  { pattern: called('energy'), flags: '--slots 1 --snr 8', why: 'one slot' },
  { pattern: called('report'), flags: '--sections slot', why: 'one figure of all' },
  { pattern: called('golden'), flags: '--name spikingrx-qpsk-2rx', why: 'one model' },
  {
    pattern: called('demo'),
    flags: '--duration 0.2 --slots 16 --models-dir served --workers 1',
    why: 'a moment of traffic',
  },
  {
    pattern: called('bench'),
    flags: '--quick --models-dir served --workers 1',
    why: 'figures that mean nothing',
  },
  {
    pattern: called('soak'),
    flags: '--duration 0.5 --warm-up 0.1 --calibration 0.1 --prbs 1 --models-dir served --workers 1',
    why: 'a moment of load',
  },
  {
    pattern: /python3 clients\/python\/link_simulator/,
    flags: '--url http://localhost:8000 --slots 4',
    why: 'few slots, from the port that the service has here',
  },
  {
    pattern: /python3 clients\//,
    flags: '--target localhost:8001',
    why: 'the default, at the port that it has here',
  },
];

/** Configurations in docs/ train so little here. */
export const TRAINING = { steps: 2, batch: 2 } as const;

/** The command as it is run: shortened, and with the ports that it finds here. */
export function asRun(text: string, ports: Ports): string {
  const shortened = SHORTENED.find(({ pattern }) => pattern.test(text));
  return (shortened === undefined ? text : withFlags(text, shortened.flags))
    .replaceAll(
      /\blocalhost:(8000|8001|9000)\b/g,
      (_, port: '8000' | '8001' | '9000') => `localhost:${ports[port]}`,
    )
    .replaceAll(
      /(--(?:http|grpc|admin)-port )(8000|8001|9000)\b/g,
      (_, flag: string, port: '8000' | '8001' | '9000') => flag + ports[port],
    );
}

/** Ports of the pages, and those in their place. */
export type Ports = Readonly<Record<keyof typeof PORTS, number>>;

/** As the pages have them. */
export const PORTS = { 8000: 8000, 8001: 8001, 9000: 9000 } as const;

function withFlags(text: string, flags: string): string {
  const bare = text.replace(/\s+#.*$/, '');
  return `${/npm run \S+$/.test(bare) ? `${bare} --` : bare} ${flags}`;
}
