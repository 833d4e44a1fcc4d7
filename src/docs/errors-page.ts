import { status } from '@grpc/grpc-js';
import type { ErrorCode } from '../errors.js';
import { ERROR_CATALOGUE, type ErrorEntry } from '../server/error-catalogue.js';
import { GRPC_STATUS, HTTP_STATUS } from '../server/errors.js';

const HEAD = `# Errors

Made by \`npm run docs\` from \`src/server/error-catalogue.ts\`: change it there.

Every refusal carries one of these codes. They are stable; messages are not. REST has the code in the body
([form](rest.md#errors)), gRPC in the trailer \`spikingrx-code\`, a stream in \`GridResult.error\`; metrics and logs use the
same words. \`field\`, \`expected\` and \`received\` are there where they are known.
`;

interface Entry extends ErrorEntry {
  readonly code: ErrorCode;
  readonly http: number;
  /** Name and number, as clients of other languages show either. */
  readonly grpc: string;
}

/** The text of docs/reference/errors.md. */
export function errorsPage(): string {
  const entries = Object.entries(ERROR_CATALOGUE).map(([name, entry]): Entry => {
    const code = name as keyof typeof ERROR_CATALOGUE;
    const number = GRPC_STATUS[code];
    return { ...entry, code, http: HTTP_STATUS[code], grpc: `\`${status[number]}\` (${number})` };
  });
  const rows = entries.map(
    (entry) => `| [\`${entry.code}\`](#${entry.code.toLowerCase()}) | ${statuses(entry)} | ${entry.grpc} |`,
  );
  const table = ['| code | HTTP | gRPC |', '|---|---|---|', ...rows].join('\n');
  return [HEAD, `${table}\n`, ...entries.map(section)].join('\n');
}

function statuses({ http, alsoHttp = {} }: Entry): string {
  const others = Object.keys(alsoHttp);
  return others.length === 0 ? String(http) : `${http}; also ${others.join(', ')}`;
}

function section({ code, meaning, alsoHttp = {}, retry, remedy, seen }: Entry): string {
  const others = Object.entries(alsoHttp).map(([http, when]) => `- HTTP ${http}: ${when}`);
  const lines = [`- Seen: ${seen}`, ...others, `- Again: ${retry}`, `- What to do: ${remedy}`];
  return `## ${code}\n\n${meaning}\n\n${lines.join('\n')}\n`;
}
