/** What `spikingrx report` does once its flags are read. */
import { join } from 'node:path';
import { SpikingRxError } from '../errors.js';
import { onInterrupt } from '../interrupt.js';
import { factsOf } from './facts.js';
import type { Modulation } from '../nr/qam.js';
import type { Page, PageSection } from './page/page.js';
import type { Progress, Section } from './section.js';
import { type SectionOptions, sectionsOf } from './sections.js';
import type { SlotChoice } from './slot.js';
import { openSubject, type Subject } from './subject.js';
import { openFolder, PAGE_FILE } from './write.js';

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
 * Draws all figures and writes the report. A signal ends it, and leaves the report that was there before.
 * @returns the path of its page
 * @throws SpikingRxError that names the flag, the file or the field that does not fit; CANCELLED after a signal.
 */
export async function runReport(options: ReportOptions): Promise<string> {
  const { out } = options;
  const sections = sectionsOf(options.sections);
  const progress = untilInterrupted(options.progress);
  progress('model and slot');
  const subject = await openSubject(options.model, options.slot);
  try {
    const folder = openFolder(out);
    try {
      await folder.write(await drawn(subject, sections, { ...options, progress }), progress);
    } finally {
      folder.discard();
    }
    return join(out, PAGE_FILE);
  } finally {
    await subject.release();
  }
}

async function drawn(
  subject: Subject,
  sections: readonly Section[],
  { command, progress }: ReportOptions,
): Promise<Page> {
  const pages: PageSection[] = [];
  for (const { id, title, intro, groups } of sections) {
    const figures = [];
    for (const { name, draw } of groups) {
      progress(name);
      figures.push(...(await draw(subject, progress)));
    }
    pages.push({ id, title, intro, figures });
  }
  return {
    title: `Report of ${subject.model.title}`,
    facts: await factsOf(subject),
    sections: pages,
    command,
  };
}

/** Whoever says what comes next learns that nobody waits for it any more. */
function untilInterrupted(progress: Progress): Progress {
  const stop = new AbortController();
  onInterrupt(() => stop.abort(new SpikingRxError('CANCELLED', 'interrupted')));
  return (what) => {
    stop.signal.throwIfAborted();
    progress(what);
  };
}
