/** The folder of an evaluation: its configuration, finished points, tables and curves. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { invalid, SpikingRxError } from '../errors.js';
import { renderCalibration } from './calibration-curve.js';
import { formatCalibrationCsv, formatCsv, formatRequiredCsv } from './csv.js';
import { metricsOf, renderCurves } from './curves.js';
import type { EvaluationPoint } from './point.js';
import { byCase, summarise } from './summary.js';

/** Everything but the SNRs that the points depend on: other SNRs may be added to a folder. */
export type Fingerprint = Readonly<Record<string, unknown>>;

const CONFIGURATION = 'configuration.json';
const LINES = 'points.jsonl';

export class EvaluationStore {
  private constructor(
    readonly directory: string,
    /** Points that were finished before. */
    readonly points: readonly EvaluationPoint[],
  ) {}

  /** @throws INVALID_ARGUMENT that names what differs when the folder belongs to another configuration. */
  static open(directory: string, fingerprint: Fingerprint): EvaluationStore {
    const path = join(directory, CONFIGURATION);
    if (existsSync(path)) refuseOther(path, fingerprint);
    else {
      mkdirSync(directory, { recursive: true });
      writeFileSync(path, `${JSON.stringify(fingerprint, null, 2)}\n`);
    }
    return new EvaluationStore(directory, readLines(join(directory, LINES)));
  }

  /** Keeps a finished point. */
  add(point: EvaluationPoint): void {
    appendFileSync(join(this.directory, LINES), `${JSON.stringify(point)}\n`);
  }

  /** Writes points and summaries as JSON and CSV, and the curves. @returns the files' paths. */
  publish(points: readonly EvaluationPoint[], caption: string): string[] {
    const summaries = summarise(points);
    const files = new Map([
      ['points.json', `${JSON.stringify(points, null, 2)}\n`],
      ['points.csv', formatCsv(points)],
      ['summary.json', `${JSON.stringify(summaries, null, 2)}\n`],
      ['calibration.csv', formatCalibrationCsv(summaries)],
    ]);
    if (summaries.some(({ required }) => required.length > 0))
      files.set('required-snr.csv', formatRequiredCsv(summaries));
    for (const summary of summaries)
      files.set(`${fileName(summary.case)}-calibration.svg`, renderCalibration(summary, { caption }));
    for (const [name, rows] of byCase(points))
      for (const metric of metricsOf(rows))
        files.set(`${fileName(name)}-${metric}.svg`, renderCurves(rows, { metric, caption }));
    return [...files].map(([name, content]) => {
      const path = join(this.directory, name);
      writeFileSync(`${path}.part`, content);
      renameSync(`${path}.part`, path);
      return path;
    });
  }
}

/** A case's name in letters, digits and dashes. */
export function fileName(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9.]+/g, '-')
      .replaceAll(/^-|-$/g, '') || 'case'
  );
}

function refuseOther(path: string, fingerprint: Fingerprint): void {
  const other = difference(readJson(path), JSON.parse(JSON.stringify(fingerprint)));
  if (other === undefined) return;
  const { at, before = 'none', now = 'none' } = other;
  throw invalid(
    `--out: ${path} is of another evaluation; its ${at.join('.')}`,
    before,
    `${now}: choose another folder`,
  );
}

interface Difference {
  readonly at: readonly string[];
  /** As JSON; undefined where there is none. */
  readonly before: string | undefined;
  readonly now: string | undefined;
}

/** Where two JSON values first differ. */
function difference(before: unknown, now: unknown, at: readonly string[] = []): Difference | undefined {
  if (!isObject(before) || !isObject(now)) {
    const texts = { before: JSON.stringify(before), now: JSON.stringify(now) };
    return texts.before === texts.now ? undefined : { at, ...texts };
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const found = difference(before[key], now[key], [...at, key]);
    if (found) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function readJson(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new SpikingRxError('FAILED_PRECONDITION', `${path} is not valid JSON`, { cause });
  }
}

/** The finished points; a last line that was cut off is removed from the file. */
function readLines(path: string): EvaluationPoint[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) writeFileSync(path, whole);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line, i) => {
      try {
        return JSON.parse(line) as EvaluationPoint;
      } catch (cause) {
        throw new SpikingRxError('FAILED_PRECONDITION', `${path}: line ${i + 1} is not valid JSON`, {
          cause,
        });
      }
    });
}
