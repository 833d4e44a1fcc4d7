import { figuresOf, type LatencyFigures, newHistogram } from './histogram.js';
import { CLIENT_KINDS, type Counts, LATENCY_CLASSES, type LatencyClass, type LoadReport } from './load.js';

/** The reports of all load threads as one. */
export function summary(reports: readonly LoadReport[], seconds: number) {
  const sum = (value: (report: LoadReport) => number): number =>
    reports.reduce((total, report) => total + value(report), 0);
  const outcomes: Counts = {};
  for (const report of reports)
    for (const [code, count] of Object.entries(report.outcomes))
      outcomes[code] = (outcomes[code] ?? 0) + count;
  const [all, fromSend, sendLag] = [newHistogram(), newHistogram(), newHistogram()];
  const byClass: Partial<Record<LatencyClass, LatencyFigures>> = {};
  for (const name of LATENCY_CLASSES) {
    const one = newHistogram();
    for (const { latency } of reports) one.add(latency[name]);
    if (one.count > 0) byClass[name] = figuresOf(one);
  }
  for (const { latency } of reports) for (const kind of CLIENT_KINDS) all.add(latency[kind]);
  for (const report of reports) {
    fromSend.add(report.fromSend);
    sendLag.add(report.sendLag);
  }
  return {
    arrived: sum(({ arrived }) => arrived),
    outcomes,
    answeredPerSecond: (outcomes['OK'] ?? 0) / seconds,
    lost: sum(({ lost }) => lost),
    surplus: sum(({ surplus }) => surplus),
    differing: sum(({ differing }) => differing),
    latency: {
      all: figuresOf(all),
      byClass,
      fromSend: figuresOf(fromSend),
      sendLag: figuresOf(sendLag),
    },
  };
}
