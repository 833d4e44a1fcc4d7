/** What `spikingrx energy` does once its flags are read. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileName } from '../evaluate/store.js';
import { countEnergy } from './count.js';
import { formatEnergyCsv } from './csv.js';
import { renderEnergy, renderFiringRates } from './figures.js';
import { formatEnergyMarkdown } from './markdown.js';
import type { EnergyReport } from './report.js';
import { type EnergyFlags, energySettings } from './settings.js';

export interface EnergyCommandFlags extends EnergyFlags {
  readonly format: 'markdown' | 'json' | 'csv';
  readonly out?: string;
}

const json = (report: EnergyReport): string => JSON.stringify(report, null, 2);

export async function runEnergy(flags: EnergyCommandFlags): Promise<void> {
  const settings = energySettings(flags);
  console.error(settings.caption);
  const report = await countEnergy(settings, (line) => console.error(line));
  if (flags.out !== undefined)
    for (const path of publish(report, flags.out)) console.error(`written: ${path}`);
  console.log(formatted(report, flags.format));
}

function formatted(report: EnergyReport, format: EnergyCommandFlags['format']): string {
  if (format === 'json') return json(report);
  if (format === 'csv') return formatEnergyCsv(report).trimEnd();
  return formatEnergyMarkdown(report);
}

/** Writes tables and figures, replacing those of a run before. @returns the files' paths. */
export function publish(report: EnergyReport, directory: string): string[] {
  const spiking = report.models.filter(({ kind }) => kind === 'spiking');
  const files = new Map([
    ['energy.json', `${json(report)}\n`],
    ['energy.csv', formatEnergyCsv(report)],
    ['energy.md', `${formatEnergyMarkdown(report)}\n`],
    ['energy.svg', renderEnergy(report)],
    ...spiking.map(
      (model) =>
        [`${fileName(model.name)}-firing-rates.svg`, renderFiringRates(model, report.caption)] as const,
    ),
  ]);
  mkdirSync(directory, { recursive: true });
  return [...files].map(([name, content]) => {
    const path = join(directory, name);
    writeFileSync(`${path}.part`, content);
    renameSync(`${path}.part`, path);
    return path;
  });
}
