// Judges the report of `npm audit --json`, which comes on standard input:
//   npm audit --omit=dev --json | node .ci/audit.mjs
// Findings of level moderate and up fail. A registry that does not answer such questions is said so, and is no pass.
import { text } from 'node:stream/consumers';

const FAILING = new Set(['moderate', 'high', 'critical']);

let report;
try {
  report = JSON.parse(await text(process.stdin));
} catch {
  report = { message: 'npm wrote no report' };
}
const counts = report.metadata?.vulnerabilities;
if (counts === undefined) {
  const reason = String(report.message ?? report.error?.summary ?? 'no report').split(' - ')[0];
  console.log(`npm audit: the registry could not be asked (${reason}); nothing is known`);
} else {
  const failing = Object.values(report.vulnerabilities ?? {}).filter(({ severity }) => FAILING.has(severity));
  for (const { name, severity, range } of failing) console.log(`npm audit: ${severity}: ${name} ${range}`);
  const { total = 0 } = counts;
  console.log(`npm audit: ${total} findings, ${failing.length} of them of level moderate or higher`);
  process.exitCode = failing.length === 0 ? 0 : 1;
}
