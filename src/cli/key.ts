import { Command, InvalidArgumentError, Option } from 'commander';
import { stringify } from 'yaml';
import { newApiKey } from '../server/access/api-keys.js';
import { isScope, SCOPES, type Scope } from '../server/access/principal.js';
import { positiveInteger } from './options.js';

const DAY_MS = 86_400_000;

/** `spikingrx key`: an API key, and what the service has to know of it. */
export function keyCommand(): Command {
  return new Command('key')
    .description('Make an API key and its entry for the file of apiKeysFile')
    .requiredOption('--id <name>', 'who will hold it: letters, digits, - and _; seen in logs')
    .addOption(
      new Option('--scopes <list>', `what it lets do, separated by commas: of ${SCOPES.join(', ')}`)
        .argParser(scopeList)
        .default(['infer'], 'infer'),
    )
    .option('--days <n>', 'how long it holds (default: for ever)', positiveInteger)
    .action(printKey);
}

function scopeList(text: string): Scope[] {
  const scopes = text.split(',').map((part) => part.trim());
  if (!scopes.every(isScope)) throw new InvalidArgumentError(`expected some of ${SCOPES.join(', ')}.`);
  return scopes;
}

/** The key goes to standard error, so that standard output can be appended to the file. */
function printKey(options: { id: string; scopes: Scope[]; days?: number }): void {
  const { id, scopes, days } = options;
  const expires = days === undefined ? {} : { expires: new Date(Date.now() + days * DAY_MS).toISOString() };
  const { key, entry } = newApiKey({ id, scopes, ...expires });
  console.error(`The key, shown this once: ${key}`);
  console.log(stringify([entry]).trimEnd());
}
