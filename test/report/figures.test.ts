import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { renderChart } from '#chart/render.js';
import { writeOaiBundle } from '#dumps/oai/folder.js';
import { dmrsAmplitude } from '#dumps/oai/pdsch-config.js';
import { simulateOaiBundle } from '#dumps/oai/simulated.js';
import { Random } from '#phy/random.js';
import type { Figure } from '#report/figure.js';
import { sectionsOf } from '#report/sections.js';
import type { SlotChoice } from '#report/slot.js';
import { openSubject } from '#report/subject.js';
import { DMRS, slotConfig } from '../phy/helpers/slots.js';

const directory = mkdtempSync(join(tmpdir(), 'spikingrx-figures-'));
afterAll(() => rmSync(directory, { recursive: true }));
const quiet = (): void => undefined;

/** The figures of a report, by section. @param skipped those that show the same of all slots, and take long */
async function figuresOf(
  model: string,
  slot: SlotChoice,
  skipped: readonly string[] = [],
): Promise<Map<string, Figure[]>> {
  const subject = await openSubject(model, slot);
  const drawn = new Map<string, Figure[]>();
  for (const { id, groups } of sectionsOf({ evaluation: { slots: 1, workers: 1 } })) {
    if (skipped.includes(id)) continue;
    const figures: Figure[] = [];
    for (const { draw } of groups) figures.push(...(await draw(subject, quiet)));
    drawn.set(id, figures);
  }
  await subject.release();
  return drawn;
}

/** What holds for every figure, whatever it shows. @returns what does not */
function faultsOf({ id, title, caption, size, frames, data }: Figure): string[] {
  const svgs = frames.map(({ option }) => renderChart(option, { size }));
  const labels = frames.map(({ label }) => label);
  const cells = data.rows.flat();
  const checks: Readonly<Record<string, boolean>> = {
    'an id for files and anchors': /^[a-z][a-z0-9-]*$/.test(id),
    'a title': title.length > 3,
    'a caption that says how to read it': caption.length > 120 && caption.endsWith('.'),
    'labels that tell its frames apart': new Set(labels).size === labels.length,
    'data for each column':
      data.rows.length > 0 && data.rows.every((row) => row.length === data.columns.length),
    'columns by name': data.columns.every((name) => /^[a-z][a-z0-9_]*(: .+)?$/.test(name)),
    'numbers that JSON has': cells.every((cell) => typeof cell !== 'number' || Number.isFinite(cell)),
    'drawings without gaps in their coordinates': svgs.every(
      (svg) => !/NaN|Infinity|undefined/.test(svg.replaceAll(/data:image[^"]*/g, '')),
    ),
    'no colour but those that have a dark one': svgs.every((svg) => svg.includes('prefers-color-scheme')),
  };
  return Object.entries(checks).flatMap(([what, holds]) => (holds ? [] : [`${id}: ${what}`]));
}

function expectSound(sections: Map<string, Figure[]>): void {
  const figures = [...sections.values()].flat();
  const ids = figures.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(figures.flatMap(faultsOf)).toEqual([]);
}

const { modulation: _, nRx: __, ...config } = slotConfig({ snrDb: 4, nPrb: 1 });
const simulated: SlotChoice = { kind: 'simulated', config, seed: 1 };

it('a section that there is none of is refused', () => {
  const choice = { evaluation: { slots: 0, workers: 1 }, only: ['slot', 'none'] };
  expect(() => sectionsOf(choice)).toThrow(/--sections: expected some of slot, .*llrs.*, received none/);
  expect(sectionsOf({ ...choice, only: ['llrs', 'slot'] }).map(({ id }) => id)).toEqual(['slot', 'llrs']);
});

describe('the figures of a whole report', { timeout: 60_000 }, () => {
  it('are sound, and every section has some, of a spiking model and a simulated slot', async () => {
    const sections = await figuresOf('models/spikingrx-qpsk-2rx/2/model.onnx', simulated);
    for (const [id, figures] of sections) expect([id, figures.length > 0]).toEqual([id, true]);
    expectSound(sections);
  });

  it('come down to what there is of an ANN', async () => {
    const sections = await figuresOf('bench/models/ann-16qam-2rx/1/model.onnx', simulated, ['performance']);
    expect(sections.get('spikes')).toEqual([]);
    expect(sections.get('llrs')?.length).toBeGreaterThan(1);
    expectSound(sections);
  });

  it('come down to what is known of a dump without its bits', async () => {
    const dmrs = { ...DMRS, scale: dmrsAmplitude(DMRS.cdmGroupsWithoutData) };
    const slot = slotConfig({ nRx: 1, nPrb: 1, snrDb: 10, dmrs });
    const { payload: ___, ...bundle } = simulateOaiBundle(
      { slot, mcs: { table: 1, index: 5 } },
      Random.fromSeed(1),
    );
    writeOaiBundle(directory, bundle);
    const sections = await figuresOf(
      'models/spikingrx-qpsk-1rx/1/model.onnx',
      {
        kind: 'oai',
        folder: directory,
      },
      ['performance', 'beta-theta', 'training'],
    );
    const ids = [...sections.values()].flat().map(({ id }) => id);
    expect(ids).toContain('llr-map');
    expect(ids).not.toContain('error-positions');
    expectSound(sections);
  });
});
