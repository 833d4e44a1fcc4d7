/** What `spikingrx report` does once its flags are read. */
import { join } from 'node:path';
import { factsOf } from './facts.js';
import type { Modulation } from '../nr/qam.js';
import type { PageSection } from './page/page.js';
import type { Progress } from './section.js';
import { type SectionOptions, sectionsOf } from './sections.js';
import type { SlotChoice } from './slot.js';
import { openSubject, type Subject } from './subject.js';
import { PAGE_FILE, writeReport } from './write.js';

export interface ReportOptions {
  /** Path of a model.onnx. */
  readonly model: string;
  /** @param modulation of the model: what is usual for it may depend on it. */
  readonly slot: (modulation: Modulation) => SlotChoice;
  readonly sections: SectionOptions;
  /** Folder that the files go to. */
  readonly out: string;
  /** The command, as it stands in the page. */
  readonly command: string;
  readonly progress: Progress;
}

/**
 * Draws all figures and writes the report.
 * @returns the path of its page
 * @throws SpikingRxError that names the flag, the file or the field that does not fit.
 */
export async function runReport(options: ReportOptions): Promise<string> {
  const { out, command, progress } = options;
  const sections = sectionsOf(options.sections);
  progress('model and slot');
  const subject = await openSubject(options.model, options.slot);
  try {
    const drawn: PageSection[] = [];
    for (const { id, title, intro, groups } of sections) {
      const figures = [];
      for (const { name, draw } of groups) {
        progress(name);
        figures.push(...(await draw(subject, progress)));
      }
      drawn.push({ id, title, intro, figures });
    }
    const page = { title: titleOf(subject), facts: await factsOf(subject), sections: drawn, command };
    writeReport(page, out, progress);
    return join(out, PAGE_FILE);
  } finally {
    await subject.release();
  }
}

function titleOf({ model }: Subject): string {
  return `Report of ${model.title}`;
}
