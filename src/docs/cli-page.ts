import { type Command, Help, type Option } from 'commander';
import { COMMANDS } from '../cli/commands.js';
import { CONFIG_KEYS, flagName } from '../server/config.js';

const HEAD = `# Command line

Made by \`npm run docs\` from the commands themselves: change them in \`src/cli\`.

\`npm run spikingrx -- <command>\` builds what has changed and runs a command; \`node dist/cli/main.js <command>\` runs what is
built, and so does \`spikingrx\` where the package is installed. \`--help\` prints what is here. How a command ends:
[exit codes](configuration.md#exit-codes).
`;

const SETTINGS: ReadonlySet<string> = new Set(CONFIG_KEYS.map(flagName));

/** The text of docs/reference/cli.md. */
export async function cliPage(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map(async (load) => load()));
  const rows = commands.map(
    (command) => `| [\`${command.name()}\`](#${command.name()}) | ${cell(command.description())} |`,
  );
  const table = ['| command | |', '|---|---|', ...rows].join('\n');
  return [HEAD, `${table}\n`, ...commands.map(section)].join('\n');
}

function section(command: Command): string {
  const isService = command.name() === 'serve';
  const rows = command.options
    .filter(({ long = '' }) => !isService || !SETTINGS.has(long.replace(/^--no-/, '--')))
    .map((option) => row(option));
  if (isService) rows.push('| `--…` | every [setting](configuration.md) of the service | |');
  return [
    `## ${command.name()}`,
    '',
    `${command.description()}.`,
    '',
    `\`spikingrx ${command.name()} ${new Help().commandUsage(command).split(' ').slice(1).join(' ')}\``,
    '',
    ...argumentLines(command),
    '| option | | default |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function argumentLines(command: Command): string[] {
  const lines = command.registeredArguments.map((one) => `- \`${one.name()}\`: ${one.description}`);
  return lines.length === 0 ? [] : [...lines, ''];
}

function row(option: Option): string {
  const choices = option.argChoices === undefined ? '' : `; one of ${option.argChoices.join(', ')}`;
  const [, text, said] = /^(.*?)(?: \(default: (.*)\))?$/.exec(option.description) as unknown as string[];
  const byDefault = said === undefined ? defaultOf(option) : cell(said);
  return `| \`${option.flags}\` | ${cell(`${text}${choices}`)} | ${byDefault} |`;
}

/** False is how a flag says that it was not given. */
function defaultOf({ defaultValue, defaultValueDescription }: Option): string {
  if (defaultValueDescription !== undefined) return cell(defaultValueDescription);
  if (defaultValue === undefined || defaultValue === false) return '';
  return `\`${String(defaultValue)}\``;
}

/** Words in angle brackets would be tags to a Markdown renderer. */
function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll(/[^\s(]*<[^>\s]+>[^\s,;)]*/g, '`$&`');
}
