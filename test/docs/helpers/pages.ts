import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface PageCommand {
  /** `docs/how-to/training.md:16` */
  readonly at: string;
  /** As the page has it; of several lines where a backslash, a quote or a here-document joins them. */
  readonly text: string;
}

/** Markdown files of the repository. */
export const PAGES: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'],
  {
    encoding: 'utf8',
  },
)
  .trim()
  .split('\n')
  .toSorted();

/** What stands in the `sh` blocks of a page, in its order. */
export function commandsOf(page: string, text = readFileSync(page, 'utf8')): readonly PageCommand[] {
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap((block) => {
    const firstLine = text.slice(0, block.index).split('\n').length + 1;
    return splitCommands(block[1] as string).map(({ line, command }) => ({
      at: `${page}:${firstLine + line}`,
      text: command,
    }));
  });
}

function splitCommands(block: string): { line: number; command: string }[] {
  const commands: { line: number; command: string }[] = [];
  let open: { line: number; command: string } | undefined;
  for (const [line, text] of block.split('\n').entries()) {
    open = open === undefined ? { line, command: text } : { ...open, command: `${open.command}\n${text}` };
    if (!isWhole(open.command)) continue;
    if (!/^(#.*)?$/.test(open.command.trim())) commands.push(open);
    open = undefined;
  }
  return commands;
}

function isWhole(command: string): boolean {
  const code = command.replaceAll(/\s# .*$/gm, '');
  const [, end] = /<<-?\s*['"]?(\w+)/.exec(code) ?? [];
  if (end !== undefined) return new RegExp(`^${end}$`, 'm').test(code);
  const quotes = code.replaceAll(/'[^']*'|"(?:[^"\\]|\\.)*"/g, '');
  return !/(\\|\||&&)$/.test(code) && !/['"]/.test(quotes);
}
