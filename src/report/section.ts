/** Parts of a report, in the order of its page. */
import type { Figure } from './figure.js';
import type { Subject } from './subject.js';

/** Says what is being done, for whoever waits. */
export type Progress = (what: string) => void;

/** Figures that are drawn together, from the same computation. */
export interface FigureGroup {
  /** For messages: `density of spikes`. */
  readonly name: string;
  /** No figures where the subject has nothing to show of this kind: no checkpoint, no truth, no spiking layers. */
  readonly draw: (subject: Subject, progress: Progress) => Promise<readonly Figure[]>;
}

export interface Section {
  /** Its anchor in the page: lower case and dashes. */
  readonly id: string;
  readonly title: string;
  /** What the section is about, a sentence or two of plain text. */
  readonly intro: string;
  readonly groups: readonly FigureGroup[];
}
