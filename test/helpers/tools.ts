import { execFileSync } from 'node:child_process';

/**
 * Programs that nobody here wrote, which tests put against the service. `.ci/run` installs them where it can; a
 * test that needs one is skipped, visibly, where it is not there (`describe.skipIf(!hasTool('promtool'))`).
 */
export function hasTool(name: string): boolean {
  return succeeds('bash', ['-c', `command -v ${name}`]);
}

/** Debian's Python, which has grpcio and numpy from Debian's packages; others on the path may not. */
export const PYTHON = '/usr/bin/python3';

/** Whether {@link PYTHON} can import all of `modules`. */
export function hasPython(...modules: readonly string[]): boolean {
  return succeeds(PYTHON, ['-c', `import ${modules.join(', ')}`]);
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
