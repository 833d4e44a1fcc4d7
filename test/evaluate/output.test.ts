import { describe, expect, it } from 'vitest';
import { formatCsv } from '#evaluate/csv.js';
import { renderCurves } from '#evaluate/curves.js';
import { formatCodedMarkdown, formatSummary } from '#evaluate/markdown.js';
import type { EvaluationPoint, ReceiverResult } from '#evaluate/point.js';
import { duration, progressPrinter } from '#evaluate/progress.js';
import { wilsonInterval } from '#evaluate/statistics.js';
import { curveOf, snrAtBler, summarise } from '#evaluate/summary.js';
import { at } from '../support/matchers.js';

const BLOCKS = 1000;

function result(name: string, blockErrors: number): ReceiverResult {
  const rate = blockErrors / BLOCKS;
  return {
    name,
    blocks: BLOCKS,
    blockErrors,
    blockErrorRate: rate,
    blockErrorRateInterval: wilsonInterval(blockErrors, BLOCKS),
    bitErrors: 10 * blockErrors,
    bitErrorRate: rate / 10,
    bitErrorRateInterval: [rate / 11, rate / 9],
    gmi: 2 - rate,
    gmiInterval: [1.9 - rate, 2 - rate],
    gmiScaled: 2 - rate / 2,
    llrScale: 0.8,
    calibration: [
      { from: 0, to: 1, bits: 4000, errors: 1500, expectedErrors: 1200 },
      { from: 1, to: null, bits: 4000, errors: 5, expectedErrors: 4 },
    ],
  };
}

/** Falls by a decade each 2 dB: 10 % at 1 dB for a, at 2 dB for LS + LMMSE. */
const POINTS: EvaluationPoint[] = [
  [-1, 1000, 1000, 100],
  [0, 316, 1000, 32],
  [2, 32, 100, 3],
  [4, 3, 10, 0],
].map(([snrDb = 0, a = 0, ls = 0, csi = 0]) => ({
  case: 'mix "A, B" & <C>',
  snrDb,
  slots: BLOCKS,
  bits: 100_000,
  receivers: [result('a, "b" <c>', a), result('LS + LMMSE', ls), result('perfect CSI', csi)],
}));

/** Fields of RFC 4180. */
function parseCsv(text: string): string[][] {
  return text
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
      ),
    );
}

describe('CSV', () => {
  it('has a row for each case, SNR and receiver, and every figure under its name', () => {
    const [head = [], ...rows] = parseCsv(formatCsv(POINTS));
    expect(rows.length).toBe(12);
    for (const row of rows) expect(row.length).toBe(head.length);
    const row = Object.fromEntries(head.map((name, i) => [name, rows[6]?.[i]]));
    const { receivers, ...point } = at(POINTS, 2);
    const expected = at(receivers, 0);
    expect(row).toMatchObject({ case: point.case, receiver: 'a, "b" <c>', snr_db: '2', block_errors: '32' });
    expect(Number(row['bler'])).toBe(0.032);
    expect(Number(row['bler_high'])).toBe(expected.blockErrorRateInterval?.[1]);
    expect(Number(row['gmi_bit_per_re'])).toBe(expected.gmi);
    expect(Number(row['ber_low'])).toBe(expected.bitErrorRateInterval[0]);
  });
});

describe('the SNR at 10 % BLER', () => {
  it('is log-linear between points, and undefined where the curve does not cross', () => {
    const snr = (name: string) => snrAtBler(curveOf(POINTS, name));
    expect(snr('a, "b" <c>')).toBeCloseTo(1, 2);
    expect(snr('LS + LMMSE')).toBeCloseTo(2, 9);
    expect(snr('perfect CSI')).toBeCloseTo(-1, 9);
    expect(snrAtBler(curveOf(POINTS.slice(1), 'perfect CSI'))).toBeUndefined();
  });

  it('is told with the distance to the conventional receivers', () => {
    expect(formatSummary(at(summarise(POINTS), 0))).toBe(
      'SNR at 10 % BLER, mix "A, B" & <C>: a, "b" <c> 1.00 dB (−1.00 dB to LS + LMMSE, +2.00 dB to perfect CSI); ' +
        'LS + LMMSE 2.00 dB (+3.00 dB to perfect CSI); perfect CSI -1.00 dB (−3.00 dB to LS + LMMSE).',
    );
    expect(formatSummary({ case: 'x', required: [{ name: 'a', snrDb: undefined }] })).toBe(
      'SNR at 10 % BLER, x: a outside the SNRs measured.',
    );
  });

  it('stands below the tables', () => {
    const text = formatCodedMarkdown(POINTS);
    expect(text).toContain(
      '| 2 | 0.032 (0.023 … 0.045) | 0.100 (0.083 … 0.120) | 3.0e-3 (1.0e-3 … 8.8e-3) |',
    );
    expect(text).toContain('| 0 … 1 | 1.25, 6000 of 16000 |');
    expect(text).toContain('| 1 … | (1.25, 20 of 16000) |');
    expect(text.split('\n').at(-1)).toMatch(/^SNR at 10 % BLER/);
  });
});

/** Tags of a document that is well formed; throws where it is not. */
function tagsOf(xml: string): string[] {
  const open: string[] = [];
  const tags: string[] = [];
  const rest = xml.replaceAll(/<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (...match) => {
    const [, closing, name, , empty] = match as [string, string, string, string, string];
    if (closing === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
    } else {
      tags.push(name);
      if (empty !== '/') open.push(name);
    }
    return '';
  });
  if (open.length > 0 || /[<]|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/i.test(rest))
    throw new Error(`not well formed: ${open.join(' ')} ${rest.slice(0, 200)}`);
  return tags;
}

/** An SVG's drawing without its colours. */
const bare = (svg: string) => svg.replaceAll(/#[0-9a-f]{6}\b/gi, '#').replaceAll(/zr\d+/g, 'zr');
const colours = (svg: string) => new Set(svg.match(/(?<=(?:fill|stroke)=")#[0-9a-f]{6}\b/gi));

describe('curves', () => {
  it.each(['bler', 'ber', 'gmi'] as const)(
    '%s: well-formed SVG with every series, axis and band',
    (metric) => {
      const svg = renderCurves(POINTS, { metric, caption: 'QPSK, 2 Rx' });
      const tags = tagsOf(svg);
      expect(tags[0]).toBe('svg');
      expect(tags.filter((tag) => tag === 'polygon').length).toBe(3);
      for (const text of ['a, &quot;b&quot; &lt;c&gt;', 'LS + LMMSE', 'perfect CSI', 'QPSK, 2 Rx', '(dB)'])
        expect(svg).toContain(text);
      expect(svg).toContain(metric === 'gmi' ? 'GMI (bit per data RE)' : metric.toUpperCase());
      expect(svg).not.toContain('NaN');
      expect(svg).toContain('prefers-color-scheme:dark');
    },
  );

  it('have the same shapes in light and dark, in other colours, and none of their own in between', () => {
    const light = renderCurves(POINTS, { metric: 'bler', scheme: 'light' });
    const dark = renderCurves(POINTS, { metric: 'bler', scheme: 'dark' });
    expect(bare(dark)).toBe(bare(light));
    for (const colour of colours(light)) expect(colours(dark)).not.toContain(colour);
  });

  it('are read by a check that can fail', () => {
    for (const broken of ['<a><b></a>', '<a>', '<a x=1></a>', '<a>&nbsp;</a>', '<a>b < c</a>'])
      expect(() => tagsOf(broken)).toThrow(/not well formed|closes nothing/);
  });

  it('of a single point and of no errors at all are drawn too', () => {
    const none = { ...at(POINTS, 0), receivers: [result('a', 0)] };
    for (const metric of ['bler', 'gmi'] as const)
      expect(tagsOf(renderCurves([none], { metric }))).toContain('svg');
  });
});

describe('progress', () => {
  it('is printed now and then, with the time that is left', () => {
    let time = 0;
    const lines: string[] = [];
    const print = progressPrinter(
      (line) => lines.push(line),
      () => time,
    );
    const progress = { points: 8, pointsDone: 2, chunksDone: 50, chunksLeft: 100 };
    print(progress);
    time = 3000;
    print(progress);
    print(progress);
    expect(lines).toEqual(['2 of 8 points, at most 6 s left']);
  });

  it.each([
    [0.2, '1 s'],
    [61, '1 min 1 s'],
    [7260, '2 h 1 min'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});
