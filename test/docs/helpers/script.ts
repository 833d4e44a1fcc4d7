import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { asRun, NOT_RUN, type Ports } from './declared.js';
import type { PageCommand } from './pages.js';

/**
 * A page's commands in one shell, as in a reader's terminal. A command that starts a service goes into the background until
 * the next one or the end of the page, when it must stop with 0, as it does for Ctrl+C. Anything else must end with 0.
 */
const PRELUDE = `exec < /dev/null
set -Eeu
service= at=
fail() { cat .service.log >&2 || true; echo "$at: failed: $1" >&2; exit 1; }
trap 'fail "exit status $?"' ERR
check() { [ "$1" = 0 ] || fail "exit status $1"; }
stop() {
  [ -n "$service" ] || return 0
  local running=$service
  service=
  kill -TERM "$running"
  wait "$running" || fail "the service ended with $?"
}
# Where a command failed: the demo takes its service along when it is asked to end.
trap '[ -z "$service" ] || { kill -TERM "$service"; sleep 2; kill -KILL "$service" 2>/dev/null; }' EXIT
started() {
  service=$!
  until grep -q 'Press Ctrl+C' .service.log || curl -skfo /dev/null "$1://127.0.0.1:$SPIKINGRX_HTTP_PORT/readyz"; do
    kill -0 "$service" 2>/dev/null || fail 'the service did not start'
    sleep 0.1
  done
}
`;

export function isRun(text: string): boolean {
  return !NOT_RUN.some(({ pattern }) => pattern.test(text));
}

/** Whether the command serves until it is told to end. */
export function startsService(text: string): boolean {
  return /^(\w+=\S+ (\\\n\s*)?)*npm start\b|^npm run demo -- --serve/.test(text);
}

/** Whether the page starts a service of its own, not only one as it comes, which all pages can share. */
export function bringsService(commands: readonly PageCommand[]): boolean {
  return commands.some(
    ({ text }) => startsService(text) && !AS_IT_COMES.test(text) && !text.includes('demo'),
  );
}

const AS_IT_COMES = /^npm start(\s+#.*)?$/;

export function scriptOf(commands: readonly PageCommand[], ports: Ports): string {
  const isShared = !bringsService(commands);
  const lines = commands
    .filter(({ text }) => isRun(text))
    .filter(({ text }) => !isShared || !AS_IT_COMES.test(text))
    .map(({ at, text }) => {
      const command = asRun(text, ports);
      if (!startsService(text)) return `at='${at}'\n${command}\ncheck $?`;
      const scheme = text.includes('--tls-cert') ? 'https' : 'http';
      return `stop; at='${at}'\n: > .service.log\n${command.replace(/\s+#.*$/, '')} &> .service.log &\nstarted ${scheme}`;
    });
  return `${PRELUDE}${lines.join('\n')}\nstop\n`;
}

/**
 * @returns what the commands printed
 * @throws with the place on the page, and what was printed last
 */
export async function runScript(
  script: string,
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<string> {
  try {
    const limits = { timeout: 100_000, maxBuffer: 2 ** 26 };
    return (await promisify(execFile)('bash', ['-c', script], { ...options, ...limits })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${stdout.slice(-1000)}\n${stderr.slice(-2000)}`, { cause: error });
  }
}
