// Prints "N passed, N failed" and fails when anything did:
//   node .ci/summarise.mjs <vitest's JSON report> <failed checks> <exit status of the test run>
// The counts are those of the report; a file that did not load counts as one failure. So does a test run without
// a report, and one that fails although every test passed (an unhandled error).
import { readFileSync } from 'node:fs';

const [report, failedChecks, testStatus] = process.argv.slice(2);
let passed = 0;
let failed = Number(failedChecks);
try {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const unloaded = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failedTests = numFailedTests + unloaded.length;
  passed = numPassedTests;
  failed += failedTests;
  if (Number(testStatus) !== 0 && failedTests === 0) failed++;
} catch {
  failed++;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
