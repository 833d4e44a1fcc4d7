import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const SUMMARISE = fileURLToPath(new URL('../../.ci/summarise.mjs', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'spikingrx-ci-'));
afterAll(() => rmSync(directory, { recursive: true }));

const REPORT = { numPassedTests: 7, numFailedTests: 0, testResults: [] };
const UNLOADED = [{ status: 'failed', assertionResults: [] }];

const AUDIT = fileURLToPath(new URL('../../.ci/audit.mjs', import.meta.url));
const finding = (severity: string) => ({
  vulnerabilities: { lib: { name: 'lib', severity, range: '<2' } },
  metadata: { vulnerabilities: { total: 1 } },
});

test.each([
  [
    'nothing was found',
    { vulnerabilities: {}, metadata: { vulnerabilities: { total: 0 } } },
    0,
    /0 findings, 0 of/,
  ],
  ['something small was found', finding('low'), 0, /1 findings, 0 of them/],
  ['something was found', finding('moderate'), 1, /moderate: lib <2\n.*1 findings, 1 of them/],
  ['something grave was found', finding('critical'), 1, /critical: lib <2/],
  [
    'the registry does not answer',
    { message: '405 Method Not Allowed - POST somewhere' },
    0,
    /could not be asked \(405 Method Not Allowed\); nothing is known/,
  ],
  ['there is no report', undefined, 0, /could not be asked \(npm wrote no report\)/],
])('audit: when %s', (_when, report, status, line) => {
  const input = report === undefined ? '' : JSON.stringify(report);
  const result = spawnSync(process.execPath, [AUDIT], { encoding: 'utf8', input });
  expect(result.stdout).toMatch(line);
  expect(result.status).toBe(status);
});

test.each([
  ['all is well', JSON.stringify(REPORT), 0, 0, '7 passed, 0 failed', 0],
  ['a test failed', JSON.stringify({ ...REPORT, numFailedTests: 2 }), 0, 1, '7 passed, 2 failed', 1],
  ['a check failed', JSON.stringify(REPORT), 1, 0, '7 passed, 1 failed', 1],
  [
    'a file did not load',
    JSON.stringify({ ...REPORT, testResults: UNLOADED }),
    0,
    1,
    '7 passed, 1 failed',
    1,
  ],
  [
    'a test failed and a file did not load',
    JSON.stringify({ ...REPORT, numFailedTests: 1, testResults: UNLOADED }),
    0,
    1,
    '7 passed, 2 failed',
    1,
  ],
  ['an error was not handled', JSON.stringify(REPORT), 0, 1, '7 passed, 1 failed', 1],
  ['there is no report', '', 0, 1, '0 passed, 1 failed', 1],
])('when %s', (_when, report, failedChecks, testStatus, line, status) => {
  const path = join(directory, 'report.json');
  writeFileSync(path, report);
  const args = [SUMMARISE, path, String(failedChecks), String(testStatus)];
  const result = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(result.stdout).toBe(`${line}\n`);
  expect(result.status).toBe(status);
});
