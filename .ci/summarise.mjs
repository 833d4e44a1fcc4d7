// Prints "N passed, N failed" and fails when anything did:
//   node .ci/summarise.mjs <vitest's JSON report> <failed checks> <exit status of the test run>
// The counts are those of the report. Without one, the test run counts as one failure; so does a run that
// fails although every test passed (a file that does not load, an unhandled error).
import { readFileSync } from 'node:fs';

const [report, failedChecks, testStatus] = process.argv.slice(2);
let passed = 0;
let failed = Number(failedChecks);
try {
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
  passed = numPassedTests;
  failed += numFailedTests;
  if (Number(testStatus) !== 0 && numFailedTests === 0) failed++;
} catch {
  failed++;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
