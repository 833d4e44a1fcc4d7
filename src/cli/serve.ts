import { Command, Option } from 'commander';
import {
  CONFIG_KEYS,
  ConfigSchema,
  ENV_CONFIG_FILE,
  environmentName,
  expectation,
  flagName,
  loadConfig,
  type ConfigKey,
} from '../server/config.js';
import { createLogger, type Logger } from '../server/log.js';
import { publishedConfigSchema } from '../server/published-schema.js';
import { withoutCredentials } from '../server/redaction.js';
import type { RunningServer } from '../server/server.js';
import { EXIT_CODES } from './exit-codes.js';

/** `spikingrx serve`: every setting of the schema is a flag and an environment variable. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .description('Serve LLRs over REST and gRPC')
    .addOption(new Option('--config <file>', `YAML file with the settings below [env: ${ENV_CONFIG_FILE}]`))
    .option('--print-config-schema', 'print the JSON Schema of the settings and exit')
    .addHelpText('after', HELP_AFTER);
  for (const key of CONFIG_KEYS) command.addOption(optionOf(key));
  // What is on of itself is turned off shorter, too.
  for (const key of CONFIG_KEYS) {
    const { default: byDefault } = ConfigSchema.properties[key] as { default?: unknown };
    if (byDefault !== true) continue;
    command.addOption(new Option(`--no-${flagName(key).slice(2)}`, `as ${flagName(key)} false`));
  }
  return command.action(serve);
}

const HELP_AFTER = `
Flags go before environment variables, those before the file, that before the defaults.
In the file the settings are named as in --http-port: httpPort.`;

function optionOf(key: ConfigKey): Option {
  const schema = ConfigSchema.properties[key] as {
    type?: string;
    description?: string;
    default?: string | number | boolean;
  };
  const value = schema.type === 'boolean' ? ' [true|false]' : ` <${placeholder(schema.type)}>`;
  const byDefault = schema.default === undefined ? '' : `; default ${String(schema.default)}`;
  const range = schema.type === 'string' ? '' : `; ${expectation(key)}`;
  const text = `${schema.description ?? ''}${range}${byDefault} [env: ${environmentName(key)}]`;
  // Defaults belong to the schema: given to commander they would look like flags and hide the environment.
  const option = new Option(`${flagName(key)}${value}`, text);
  return schema.type === 'boolean' ? option.preset('true') : option;
}

function placeholder(type: string | undefined): string {
  return type === 'integer' || type === 'number' ? 'n' : 'text';
}

async function serve(options: Record<string, string>): Promise<void> {
  const { config: file, printConfigSchema, ...flags } = options;
  if (printConfigSchema) {
    console.log(JSON.stringify(publishedConfigSchema(), null, 2));
    return;
  }
  const config = loadConfig({ flags, environment: process.env, file });
  const log = createLogger(config);
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'internal error');
    process.exit(EXIT_CODES.internal);
  });
  const stopper = new Stopper(log);
  log.info('starting');
  // Longer to load than most other commands take.
  const { startServer } = await import('../server/server.js');
  await routeGrpcLog(log);
  await stopper.started(await startServer(config, { log }));
}

/** grpc-js writes to stderr on its own otherwise. Its errors are about single connections: warnings here. */
async function routeGrpcLog(log: Logger): Promise<void> {
  const { setLogger } = await import('@grpc/grpc-js');
  const line =
    (level: 'warn' | 'debug') =>
    (...parts: unknown[]): void =>
      log[level]({ grpc: withoutCredentials(parts.map(String).join(' ')) }, 'grpc');
  setLogger({ error: line('warn'), info: line('debug'), debug: line('debug') });
}

/** The first signal drains and exits 0; a second one does not wait. */
class Stopper {
  #server: RunningServer | undefined;
  #stopping = false;

  constructor(private readonly log: Logger) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void this.#stop());
  }

  /** Stopped while it started: nobody has been told that it is there, so there is nothing to drain. */
  async started(server: RunningServer): Promise<void> {
    this.#server = server;
    if (!this.#stopping) return;
    await server.abort();
    process.exit(EXIT_CODES.done);
  }

  async #stop(): Promise<void> {
    if (this.#stopping) {
      await this.#server?.abort();
      process.exit(EXIT_CODES.unfinished);
    }
    this.#stopping = true;
    if (!this.#server) {
      // ONNX Runtime aborts the process when a thread is ended in the middle of a run.
      this.log.info('stopping as soon as the workers have started');
      return;
    }
    await this.#server.close();
    // Nothing is left to do; open handles of libraries must not keep the process.
    process.exit(EXIT_CODES.done);
  }
}
