import { describe, expect, it } from 'vitest';
import { renderCalibration } from '#evaluate/calibration-curve.js';
import { formatCalibrationCsv, formatCsv, formatRequiredCsv } from '#evaluate/csv.js';
import { renderCurves } from '#evaluate/curves.js';
import { formatCodedMarkdown, formatMarkdown } from '#evaluate/markdown.js';
import type { EvaluationPoint, ReceiverResult } from '#evaluate/point.js';
import { duration, progressPrinter } from '#evaluate/progress.js';
import { wilsonInterval } from '#evaluate/statistics.js';
import { type CaseSummary, curveOf, judge, snrAtBler, summarise } from '#evaluate/summary.js';
import { Random } from '#phy/random.js';
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

/** Rows of a CSV text by the names of its columns. */
function records(text: string): Record<string, string | undefined>[] {
  const [head = [], ...rows] = parseCsv(text);
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]])));
}

describe('summaries as CSV', () => {
  it('have the SNR at 10 % BLER of each case and receiver', () => {
    const rows = records(formatRequiredCsv(summarise(POINTS)));
    expect(rows.map((row) => row['receiver'])).toEqual(['a, "b" <c>', 'LS + LMMSE', 'perfect CSI']);
    expect(Number(rows[1]?.['snr_db_at_10_percent_bler'])).toBeCloseTo(2, 9);
    expect(Number(rows[1]?.['snr_low'])).toBeLessThan(2);
    const none = records(formatRequiredCsv(summarise(POINTS.slice(1))));
    expect(none[2]).toMatchObject({ snr_db_at_10_percent_bler: '', snr_low: '', snr_high: '' });
  });

  it('have the calibration of each bin, with what is made of it', () => {
    const rows = records(formatCalibrationCsv(summarise(POINTS)));
    expect(rows).toHaveLength(6);
    expect(rows[0]).toMatchObject({ llr_from: '0', llr_to: '1', errors: '6000', verdict: 'off' });
    expect(rows[1]).toMatchObject({
      llr_from: '1',
      llr_to: '',
      promised_errors: '16',
      verdict: 'few errors',
    });
  });
});

const snr = (name: string, points = POINTS) => snrAtBler(curveOf(points, name));

describe('the SNR at 10 % BLER', () => {
  it('is log-linear between points, and undefined where the curve does not cross', () => {
    expect(snr('a, "b" <c>')?.snrDb).toBeCloseTo(1, 2);
    expect(snr('LS + LMMSE')?.snrDb).toBeCloseTo(2, 9);
    expect(snr('perfect CSI')?.snrDb).toBeCloseTo(-1, 9);
    expect(snr('perfect CSI', POINTS.slice(1))).toBeUndefined();
  });

  it('has an interval that holds the truth 95 times in 100', () => {
    const random = Random.fromSeed(5);
    const failures = (rate: number) =>
      Array.from({ length: 400 }, () => random.uniform()).filter((x) => x < rate).length;
    let held = 0;
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      // A decade in 4 dB: 10 % at 1 dB.
      const curve = [-1, 3].map((snrDb) => {
        const errors = failures(10 ** (-1 - (snrDb - 1) / 4));
        return { ...result('x', errors), blocks: 400, blockErrors: errors, snrDb };
      });
      const [low, high] = snrAtBler(curve)?.interval ?? [0, 0];
      if (low <= 1 && high >= 1) held++;
      expect(high - low).toBeLessThan(1.5);
    }
    // 0.95 ± 3·√(0.95·0.05/400)
    expect(held / runs).toBeGreaterThan(0.917);
    expect(held / runs).toBeLessThan(0.983);
  });

  it('is told with what each receiver needs more than every other', () => {
    const { required } = at(summarise(POINTS), 0);
    expect(required.map(({ name }) => name)).toEqual(['a, "b" <c>', 'LS + LMMSE', 'perfect CSI']);
    expect(required[0]?.gapsDb['LS + LMMSE']).toBeCloseTo(-1, 2);
    expect(required[2]?.gapsDb['LS + LMMSE']).toBeCloseTo(-3, 9);
    expect(Object.keys(required[1]?.gapsDb ?? {})).toEqual(['a, "b" <c>', 'perfect CSI']);
    const lines = formatCodedMarkdown(POINTS).split('\n');
    expect(lines.slice(-5)).toEqual([
      '| receiver | SNR (dB) | to a, "b" <c> | to LS + LMMSE | to perfect CSI |',
      '|---:|---:|---:|---:|---:|',
      expect.stringMatching(/^\| a, "b" <c> \| 1\.00 \(0\.8\d … 1\.1\d\) \| – \| −1\.00 \| \+2\.00 \|$/),
      expect.stringMatching(/^\| LS \+ LMMSE \| 2\.00 \(1\.\d\d … 2\.\d\d\) \| \+1\.00 \| – \| \+3\.00 \|$/),
      expect.stringMatching(/^\| perfect CSI \| −1\.00 \(−1\.\d\d … −0\.\d\d\) \| −2\.00 \| −3\.00 \| – \|$/),
    ]);
    expect(formatCodedMarkdown(POINTS.slice(1))).toContain(
      '| perfect CSI | outside the SNRs measured | – | – | – |',
    );
  });

  it('stands below the tables of rates', () => {
    const text = formatCodedMarkdown(POINTS);
    expect(text).toContain(
      '| 2 | 0.032 (0.023 … 0.045) | 0.100 (0.083 … 0.120) | 3.0e-3 (1.0e-3 … 8.8e-3) |',
    );
  });
});

describe('calibration', () => {
  it('is bold where it is off, and in brackets where there are few errors', () => {
    const text = formatCodedMarkdown(POINTS);
    expect(text).toContain('| 0 … 1 | **1.25**, 6000 of 16000 |');
    expect(text).toContain('| 1 … | (1.25, 20 of 16000) |');
    expect(text).toContain('| off | 1 of 1 | 1 of 1 | 1 of 1 |');
  });

  it.each([
    [1199, 'fits'],
    [1210, 'off'],
    [801, 'few errors'],
  ] as const)('%d errors where 1000 were promised: %s', (errors, verdict) => {
    expect(judge({ from: 0, to: 1, bits: 9000, errors, expectedErrors: 1000 })).toBe(verdict);
  });
});

describe('the error floor', () => {
  it('is looked for where LS + LMMSE has few errors', () => {
    expect(summarise(POINTS)[0]?.floor).toEqual({ snrsDb: [2, 4], above: [] });
    expect(formatCodedMarkdown(POINTS)).toContain(
      'Error floor: none; at 2, 4 dB no rate above that of LS + LMMSE.',
    );
    expect(formatCodedMarkdown(POINTS.slice(0, 2))).toContain('Error floor: not checked,');
    const alone = POINTS.map((point) => ({ ...point, receivers: point.receivers.slice(0, 1) }));
    expect(formatCodedMarkdown(alone)).not.toContain('Error floor');
  });

  it('is told with the rates, and whether it may be chance', () => {
    const floor = POINTS.map((point) => ({
      ...point,
      receivers: [result('a', point.snrDb === 4 ? 12 : 160), ...point.receivers.slice(1)],
    }));
    const text = formatCodedMarkdown(floor);
    expect(text).toContain('at 2, 4 dB above LS + LMMSE: **a at 2 dB, BLER 0.160 against 0.100**;');
    expect(text).toContain('a at 4 dB, BLER 0.012 against 0.010 (intervals overlap)');
    expect(summarise(floor)[0]?.floor?.above.map(({ metric, certain }) => [metric, certain])).toEqual([
      ['BLER', true],
      ['BER', true],
      ['BLER', false],
      ['BER', false],
    ]);
  });

  it('counts bit errors where there is no code', () => {
    const ofBlocks = new Set(['blocks', 'blockErrors', 'blockErrorRate', 'blockErrorRateInterval']);
    const isOfBits = ([key]: [string, unknown]) => !ofBlocks.has(key);
    const uncoded = POINTS.map((point) => ({
      ...point,
      receivers: point.receivers.map(
        (one) => Object.fromEntries(Object.entries(one).filter(isOfBits)) as unknown as ReceiverResult,
      ),
    }));
    expect(formatMarkdown(uncoded)).toContain('Error floor: none; at -1, 0, 2, 4 dB');
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

  it('of calibration: well-formed SVG with every receiver and the band', () => {
    const [summary] = summarise(POINTS);
    const svg = renderCalibration(at([summary], 0) as CaseSummary, { caption: 'QPSK, 2 Rx' });
    expect(tagsOf(svg)[0]).toBe('svg');
    for (const text of ['a, &quot;b&quot; &lt;c&gt;', 'perfect CSI', 'band: ±20 %', '|LLR|'])
      expect(svg).toContain(text);
    expect(svg).not.toContain('NaN');
  });

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
