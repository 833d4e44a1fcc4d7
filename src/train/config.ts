import { readFileSync } from 'node:fs';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { YAMLParseError, parse } from 'yaml';
import { SpikingRxError, invalid } from '../errors.js';
import { schemaError } from '../schema-error.js';
import { type SpikingRxConfig, SpikingRxConfigSchema } from '../nn/config.js';
import { cdmGroups } from '../nr/dmrs.js';
import { TDL_PROFILE_NAMES } from '../phy/tdl/profiles.js';

const range = (description: string, fallback: [number, number]) =>
  Type.Tuple([Type.Number(), Type.Number()], {
    default: fallback,
    description: `${description}: [lowest, highest]`,
  });
const positive = (description: string, fallback: number) =>
  Type.Number({ exclusiveMinimum: 0, default: fallback, description });
const share = (description: string, fallback: number) =>
  Type.Number({ minimum: 0, exclusiveMaximum: 1, default: fallback, description });
const count = (description: string, fallback: number, minimum = 1) =>
  Type.Integer({ minimum, default: fallback, description });

/** The slots a network is trained on: each is drawn at random from these ranges. */
export const ScenarioSchema = Type.Object(
  {
    profiles: Type.Array(Type.Enum([...TDL_PROFILE_NAMES]), {
      minItems: 1,
      default: ['TDL-A', 'TDL-B', 'TDL-C', 'TDL-D', 'TDL-E'],
      description: 'Channel profiles, drawn uniformly',
    }),
    delaySpreadNanoseconds: range('RMS delay spread in ns, drawn uniformly in its logarithm', [10, 300]),
    dopplerHz: range('Maximum Doppler shift in Hz, drawn uniformly', [0, 400]),
    snrDb: range('Signal energy per RE and antenna over N0 in dB, drawn uniformly', [-4, 16]),
    subcarrierSpacingHz: positive('Subcarrier spacing in Hz', 30_000),
    nPrb: Type.Array(Type.Integer({ minimum: 1, maximum: 273 }), {
      minItems: 1,
      default: [4],
      description: 'Resource blocks of a slot; one of these for each batch',
    }),
    dmrsSymbols: Type.Array(Type.Array(Type.Integer({ minimum: 0, maximum: 13 }), { minItems: 1 }), {
      minItems: 1,
      default: [[2], [2, 11]],
      description: 'Symbol positions of the DMRS, one of these sets for each slot',
    }),
    dmrsTypes: Type.Array(Type.Enum([1, 2]), {
      minItems: 1,
      default: [1],
      description: 'DMRS configuration types, one of these for each slot',
    }),
    cdmGroupsWithoutData: Type.Array(Type.Enum([1, 2, 3]), {
      minItems: 1,
      default: [1, 2],
      description:
        'CDM groups that carry no data in DMRS symbols, one of those that the type has (1: two, 2: three); ' +
        'with all of them these symbols are free of data',
    }),
  },
  { additionalProperties: false },
);
export type Scenario = Static<typeof ScenarioSchema>;

export const OptimiserSchema = Type.Object(
  {
    steps: count('Training steps', 20_000),
    batch: count('Slots in a batch', 32),
    learningRate: positive('Peak learning rate of AdamW', 2e-3),
    finalLearningRateShare: share('Share of the peak at the end of the cosine schedule', 0.01),
    warmupSteps: count('Steps of linear warm-up', 200, 0),
    beta1: share('AdamW β₁', 0.9),
    beta2: share('AdamW β₂', 0.999),
    epsilon: positive('AdamW ε', 1e-8),
    weightDecay: Type.Number({ minimum: 0, default: 1e-4, description: 'Decoupled weight decay' }),
    clipNorm: positive('Largest global norm of the gradient', 1),
    statisticsMomentum: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.02,
      description: "Share of a batch's moments in the running statistics",
    }),
  },
  { additionalProperties: false },
);
export type OptimiserConfig = Static<typeof OptimiserSchema>;

/** A training run: everything that determines its result. */
export const TrainConfigSchema = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]*$', description: 'Name of the model' }),
    version: Type.String({
      pattern: '^[1-9][0-9]*$',
      description: 'Version of the model, a positive integer',
    }),
    seed: Type.Integer({ minimum: 0, default: 1, description: 'Seed of the parameters and of the slots' }),
    startFrom: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Checkpoint whose tensors of the same name and shape start this run, relative to this file; the others are drawn from the seed',
      }),
    ),
    network: Type.Optional(SpikingRxConfigSchema),
    data: Type.Optional(ScenarioSchema),
    optimiser: Type.Optional(OptimiserSchema),
  },
  { additionalProperties: false },
);
export interface TrainConfig
  extends Omit<Static<typeof TrainConfigSchema>, 'network' | 'data' | 'optimiser'> {
  readonly network: Static<typeof SpikingRxConfigSchema>;
  readonly data: Scenario;
  readonly optimiser: OptimiserConfig;
}

/**
 * Checks a configuration and fills in the defaults.
 * @throws INVALID_ARGUMENT that names the key, what was expected and what came.
 */
export function parseTrainConfig(input: unknown): TrainConfig {
  const sections = { network: {}, data: {}, optimiser: {} };
  const raw = typeof input === 'object' && input !== null ? { ...sections, ...input } : input;
  const value = Value.Default(TrainConfigSchema, raw);
  const findings = Value.Errors(TrainConfigSchema, value);
  if (findings.length > 0) throw schemaError(findings, value, 'configuration');
  const config = value as TrainConfig;
  for (const key of ['delaySpreadNanoseconds', 'dopplerHz', 'snrDb'] as const) {
    const [low, high] = config.data[key];
    if (low > high) throw invalid(`data.${key}`, '[lowest, highest]', `[${low}, ${high}]`);
  }
  if (config.data.delaySpreadNanoseconds[0] <= 0)
    throw invalid('data.delaySpreadNanoseconds', 'positive delays', '0 or less');
  if (config.data.dopplerHz[0] < 0)
    throw invalid('data.dopplerHz', 'shifts from 0 Hz', String(config.data.dopplerHz[0]));
  for (const symbols of config.data.dmrsSymbols)
    if (symbols.some((symbol, i) => i > 0 && symbol <= (symbols[i - 1] as number)))
      throw invalid('data.dmrsSymbols', 'ascending symbols', `[${symbols.join(', ')}]`);
  checkCdmGroups(config.data);
  // A trained β is the sigmoid of a parameter, which has no value for 0.
  if (config.network.trainBeta && config.network.beta === 0)
    throw invalid('network.beta', 'a positive number to start training from', '0');
  checkAnalogPeer(config.network);
  return config;
}

/** An ANN runs once and adds: time steps and binary connections mean nothing to it. */
function checkAnalogPeer({ activation, timeSteps, connection, trainBeta }: SpikingRxConfig): void {
  if (activation === 'lif') return;
  if (timeSteps !== 1) throw invalid('network.timeSteps', '1 with activation relu', String(timeSteps));
  if (connection !== 'add') throw invalid('network.connection', 'add with activation relu', connection);
  if (trainBeta) throw invalid('network.trainBeta', 'false with activation relu, which has no β', 'true');
}

/** Every type needs a number of CDM groups that it has, and every number a type that has so many. */
function checkCdmGroups({ dmrsTypes, cdmGroupsWithoutData }: Scenario): void {
  const most = Math.max(...dmrsTypes.map(cdmGroups));
  const fewest = Math.min(...cdmGroupsWithoutData);
  if (
    cdmGroupsWithoutData.some((groups) => groups > most) ||
    dmrsTypes.some((type) => fewest > cdmGroups(type))
  )
    throw invalid(
      'data.cdmGroupsWithoutData',
      'at most 2 groups for DMRS type 1, at most 3 for type 2',
      `[${cdmGroupsWithoutData.join(', ')}] for types [${dmrsTypes.join(', ')}]`,
    );
}

/**
 * Reads a training configuration from a YAML file.
 * @throws NOT_FOUND when the file cannot be read, INVALID_ARGUMENT when it is no YAML or does not fit.
 */
export function loadTrainConfig(path: string): TrainConfig {
  return parseTrainConfig(readYaml(path));
}

function readYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (cause instanceof YAMLParseError)
      throw new SpikingRxError('INVALID_ARGUMENT', `${path}: ${reason}`, { cause });
    throw new SpikingRxError('NOT_FOUND', `cannot read the configuration: ${reason}`, { cause });
  }
}
