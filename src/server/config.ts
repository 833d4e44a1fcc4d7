import { readFileSync } from 'node:fs';
import { Value } from 'typebox/value';
import { parseDocument } from 'yaml';
import { MOST_OF_ONE_CLIENT } from '../engine/admission.js';
import { SpikingRxError, invalid } from '../errors.js';
import { parseDefaultVersions } from './config/models.js';
import { ConfigSchema, maxJsonBytes, type Config, type ConfigKey } from './config-schema.js';

export * from './config-schema.js';

export const ENV_PREFIX = 'SPIKINGRX_';
/** Names the configuration file, as `--config` does. */
export const ENV_CONFIG_FILE = `${ENV_PREFIX}CONFIG`;

/** What Kubernetes sets in every pod beside a service named `spikingrx`; no setting is named like it. */
const SERVICE_LINK = /^SPIKINGRX_(?:SERVICE_(?:HOST|PORT(?:_.+)?)|PORT_\d+_.+)$/;

/** `SPIKINGRX_PORT` is Kubernetes' by its value only: a number there is somebody's mistake. */
function isServiceLink(name: string, value: string | undefined): boolean {
  return SERVICE_LINK.test(name) || (name === 'SPIKINGRX_PORT' && /^\w+:\/\//.test(value ?? ''));
}

/** Variables with the prefix that are Kubernetes' and not settings. */
export function serviceLinks(environment: Environment): readonly string[] {
  return Object.entries(environment).flatMap(([name, value]) => (isServiceLink(name, value) ? [name] : []));
}

type Environment = Readonly<Record<string, string | undefined>>;
type Settings = Readonly<Record<string, unknown>>;

export interface ConfigSources {
  /** From the command line, keys as in the schema; strings are converted. */
  readonly flags?: Settings;
  readonly environment?: Environment;
  /** YAML file; `SPIKINGRX_CONFIG` when left out. */
  readonly file?: string | undefined;
}

export const CONFIG_KEYS: readonly ConfigKey[] = Object.keys(ConfigSchema.properties).filter(isConfigKey);

function isConfigKey(key: string): key is ConfigKey {
  return Object.hasOwn(ConfigSchema.properties, key);
}

/** `httpPort` → `SPIKINGRX_HTTP_PORT`. */
export function environmentName(key: ConfigKey): string {
  return ENV_PREFIX + key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** `httpPort` → `--http-port`. */
export function flagName(key: ConfigKey): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * The settings in effect: flags before environment before file before defaults.
 * @throws INVALID_ARGUMENT for an unknown key (in the file or the environment) and for a value out of range,
 *   naming where it came from.
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const environment = sources.environment ?? {};
  const file = sources.file ?? environment[ENV_CONFIG_FILE];
  const layers: readonly Layer[] = [
    file === undefined ? { settings: {}, name: (key) => key } : fileLayer(file),
    environmentLayer(environment),
    { settings: sources.flags ?? {}, name: flagName },
  ];
  const merged: Record<string, unknown> = {};
  const origin = new Map<string, string>();
  for (const { settings, name } of layers)
    for (const key of CONFIG_KEYS)
      if (settings[key] !== undefined) {
        merged[key] = settings[key];
        origin.set(key, name(key));
      }
  const config = check(merged, origin);
  const nameOf = (key: ConfigKey): string => origin.get(key) ?? flagName(key);
  for (const [key, needs] of NEEDS)
    if (origin.has(key) && config[needs] === undefined)
      throw invalid(nameOf(key), `${nameOf(needs)} beside it`, 'none');
  checkTogether(config, nameOf);
  return config;
}

/** @throws what is wrong with the text; warnings of the parser are about what it does not understand, so they too. */
function parseYaml(text: string): unknown {
  const document = parseDocument(text);
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw problem;
  return document.toJS() ?? {};
}

interface Layer {
  readonly settings: Settings;
  /** How the user spelled the key there, for messages. */
  readonly name: (key: ConfigKey) => string;
}

function fileLayer(path: string): Layer {
  let content: unknown;
  try {
    content = parseYaml(readFileSync(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new SpikingRxError('INVALID_ARGUMENT', `cannot read the configuration file ${path}: ${reason}`, {
      field: '--config',
      cause,
    });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw invalid(path, 'a YAML mapping of settings', Array.isArray(content) ? 'a list' : typeof content);
  for (const key of Object.keys(content)) if (!isConfigKey(key)) throw unknownKey(key, CONFIG_KEYS, path);
  return { settings: content as Settings, name: (key) => `${key} (in ${path})` };
}

function environmentLayer(environment: Environment): Layer {
  const names = new Map(CONFIG_KEYS.map((key) => [environmentName(key), key]));
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(ENV_PREFIX) || name === ENV_CONFIG_FILE || value === undefined) continue;
    if (isServiceLink(name, value)) continue;
    const key = names.get(name);
    if (!key) throw unknownKey(name, [...names.keys(), ENV_CONFIG_FILE], 'the environment');
    settings[key] = value;
  }
  return { settings, name: environmentName };
}

function check(merged: Record<string, unknown>, origin: ReadonlyMap<string, string>): Config {
  for (const [key, value] of Object.entries(merged))
    if (typeof value === 'string' && isConfigKey(key)) merged[key] = fromText(key, value);
  const config = Value.Default(ConfigSchema, merged);
  if (Value.Check(ConfigSchema, config)) return config;
  const [error] = Value.Errors(ConfigSchema, config);
  const key = error?.instancePath.slice(1) ?? '';
  throw invalid(origin.get(key) ?? key, expectation(key), String(merged[key]));
}

/** Text from flags and environment as the schema's type; what does not convert is left for the check. */
function fromText(key: ConfigKey, text: string): unknown {
  const { type } = ConfigSchema.properties[key] as { type?: string };
  if (type === 'boolean')
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
  if (type === 'integer' || type === 'number')
    return text.trim() === '' ? text : finiteOr(Number(text), text);
  return text;
}

function finiteOr(value: number, text: string): unknown {
  return Number.isFinite(value) ? value : text;
}

/** What a key takes, in words: for errors and for the help. */
export function expectation(key: string): string {
  if (!isConfigKey(key)) return 'a known setting';
  const schema = ConfigSchema.properties[key] as {
    type?: string;
    enum?: readonly string[];
    minimum?: number;
    maximum?: number;
    examples?: readonly string[];
  };
  if (schema.examples) return `words as in ${schema.examples.join(' or ')}`;
  if (schema.enum) return `one of ${schema.enum.join(', ')}`;
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'string') return 'a text that is not empty';
  const kind = schema.type === 'integer' ? 'a whole number' : 'a number';
  return `${kind} from ${schema.minimum} to ${schema.maximum}`;
}

/** Settings that have no effect without another. */
const NEEDS: readonly (readonly [ConfigKey, ConfigKey])[] = [
  ['tlsCert', 'tlsKey'],
  ['tlsKey', 'tlsCert'],
  ['tlsClientCa', 'tlsCert'],
  ['jwtKeys', 'jwtIssuer'],
  ['jwtKeys', 'jwtAudience'],
  ['jwtIssuer', 'jwtKeys'],
  ['jwtAudience', 'jwtKeys'],
  ['jwtAlgorithms', 'jwtKeys'],
  ['jwtScopesClaim', 'jwtKeys'],
  ['jwtClockToleranceMs', 'jwtKeys'],
  ['tlsMinVersion', 'tlsCert'],
  ['tlsClientCertificates', 'tlsClientCa'],
  ['tlsClientScopes', 'tlsClientCa'],
  ['adminHost', 'adminPort'],
  ['captureSample', 'captureDir'],
  ['captureMaxBytes', 'captureDir'],
];

/**
 * Settings that are fine alone but cannot work together.
 * @param nameOf how the user spelled a key, for messages.
 */
export function checkTogether(config: Config, nameOf: (key: ConfigKey) => string = flagName): void {
  const refuse = (key: ConfigKey, expected: string): never => {
    throw invalid(nameOf(key), expected, String(config[key]));
  };
  if (config.deviceId !== undefined && config.provider === 'cpu')
    refuse('deviceId', 'no value with provider cpu, where it has no effect');
  if (config.dashboardRequest && !config.dashboard)
    refuse('dashboardRequest', `false with ${nameOf('dashboard')} false`);
  if (!isKeySource(config.jwtKeys))
    throw invalid(nameOf('jwtKeys'), 'a file, or a URL with https and without a password', 'another URL');
  if (config.maxGridsPerRequest > config.maxQueuedGrids)
    refuse('maxGridsPerRequest', `at most ${nameOf('maxQueuedGrids')} = ${config.maxQueuedGrids}`);
  // One client cannot take it all.
  const bytes = Math.ceil(maxJsonBytes(config) / MOST_OF_ONE_CLIENT);
  if (bytes > config.maxQueuedBytes) {
    const causes = (['maxRx', 'maxPrb', 'maxBatchResourceElements'] as const).map(nameOf).join(', ');
    refuse('maxQueuedBytes', `at least ${bytes}, for the largest request that ${causes} allow`);
  }
  parseDefaultVersions(config.defaultVersions, nameOf('defaultVersions'));
  const ports = ['httpPort', 'grpcPort', 'adminPort'] as const;
  for (const [i, key] of ports.entries())
    for (const before of ports.slice(0, i))
      if (config[key] !== 0 && config[key] !== undefined && config[key] === config[before])
        refuse(key, `another port than ${nameOf(before)}`);
}

/** Whoever can change what is fetched can make tokens; on this machine there is nobody between. */
function isKeySource(source = ''): boolean {
  if (!/^\w+:\/\//.test(source)) return true;
  if (!URL.canParse(source)) return false;
  const { protocol, hostname, username, password } = new URL(source);
  const isNear = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return (protocol === 'https:' || (protocol === 'http:' && isNear)) && username + password === '';
}

function unknownKey(key: string, known: readonly string[], where: string): SpikingRxError {
  const near = nearest(key, known);
  const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
  return new SpikingRxError('INVALID_ARGUMENT', `${key}: unknown setting in ${where}; ${hint}`, {
    field: key,
  });
}

/** The known key that shares most letter pairs (Dice's coefficient) with `key`, if more than half. */
function nearest(key: string, known: readonly string[]): string | undefined {
  const scored = known.map((name) => ({ name, score: similarity(key.toLowerCase(), name.toLowerCase()) }));
  const best = scored.toSorted((a, b) => b.score - a.score)[0];
  return best && best.score > 0.5 ? best.name : undefined;
}

function similarity(a: string, b: string): number {
  const left = pairs(a);
  const right = pairs(b);
  let common = 0;
  for (const pair of left) if (right.has(pair)) common++;
  return (2 * common) / Math.max(1, left.size + right.size);
}

function pairs(text: string): ReadonlySet<string> {
  const letters = text.replace(/[^a-z]/g, '');
  return new Set(Array.from({ length: Math.max(0, letters.length - 1) }, (_, i) => letters.slice(i, i + 2)));
}
