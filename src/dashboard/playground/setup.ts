/** What the form of the playground holds, and the slot that it describes. */
import { computed, signal } from '@preact/signals';
import { cdmGroups, type DmrsConfig } from '../../nr/dmrs.js';
import type { Modulation } from '../../nr/qam.js';
import type { ChannelConfig } from '../../phy/channel.js';
import type { SlotConfig } from '../../phy/slot.js';
import { TDL_PROFILE_NAMES, TDL_PROFILES, type TdlProfileName } from '../../phy/tdl/profiles.js';
import { numberInput } from '../ui/inputs.js';

export const CHANNELS = [...TDL_PROFILE_NAMES, 'rayleigh', 'awgn'] as const;
export type ChannelName = (typeof CHANNELS)[number];

/** What a model asks of a slot. */
export interface Receiver {
  readonly nRx: number;
  readonly modulation: Modulation;
}

/** One simulated slot: the same again for the same values. */
export interface Setup {
  readonly config: SlotConfig;
  readonly seed: number;
}

function isTdl(channel: ChannelName): channel is TdlProfileName {
  return Object.hasOwn(TDL_PROFILES, channel);
}

/** What is wrong with a list of symbols of a slot, in words for the one who typed it. */
export function symbolsError(text: string, nSym = 14): string | undefined {
  const symbols = symbolsOf(text);
  const isFine = symbols.length > 0 && symbols.every((symbol, i) => symbol > (symbols[i - 1] ?? -1));
  if (isFine && symbols.every((symbol) => symbol < nSym)) return undefined;
  return `Enter symbols from 0 to ${nSym - 1} in ascending order, such as 2, 11.`;
}

/** Numbers between commas or blanks; NaN where there is something else. */
export function symbolsOf(text: string): number[] {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== '');
  return parts.map((part) => (/^\d{1,2}$/.test(part) ? Number(part) : Number.NaN));
}

/** The fields that describe pilots. */
export class PilotForm {
  readonly symbols = signal('2, 11');
  readonly type = signal<'1' | '2'>('1');
  readonly groups = signal<'1' | '2' | '3'>('1');

  readonly symbolsError = computed(() => symbolsError(this.symbols.value));
  readonly groupsError = computed(() => {
    const most = cdmGroups(Number(this.type.value) as 1 | 2);
    return Number(this.groups.value) > most ? `Type 1 has ${most} CDM groups: choose 1 or 2.` : undefined;
  });

  readonly config = computed<Pick<
    DmrsConfig,
    'configType' | 'symbolPositions' | 'cdmGroupsWithoutData'
  > | null>(() => {
    if (this.symbolsError.value !== undefined || this.groupsError.value !== undefined) return null;
    return {
      configType: Number(this.type.value) as 1 | 2,
      symbolPositions: symbolsOf(this.symbols.value),
      cdmGroupsWithoutData: Number(this.groups.value) as 1 | 2 | 3,
    };
  });
}

export const MOST_SEED = 2 ** 32 - 1;

/** The fields that describe a simulated slot. */
export class SetupForm {
  readonly channel = signal<ChannelName>('TDL-B');
  readonly delaySpreadNs = numberInput(100, { min: 0, max: 5000 });
  readonly dopplerHz = numberInput(100, { min: 0, max: 5000 });
  readonly snrDb = numberInput(16, { min: -5, max: 35 });
  readonly nPrb = numberInput(12, { min: 1, max: 273, isInteger: true });
  readonly seed = numberInput(1, { min: 1, max: MOST_SEED, isInteger: true });
  readonly pilots = new PilotForm();

  /** Whether the channel has a delay spread to choose. */
  readonly hasDelaySpread = computed(() => {
    const channel = this.channel.value;
    return isTdl(channel) && TDL_PROFILES[channel].delayUnit === 'delaySpread';
  });
  /** Whether the channel moves. */
  readonly hasDoppler = computed(() => isTdl(this.channel.value));

  readonly #channel = computed<ChannelConfig | null>(() => {
    const profile = this.channel.value;
    if (!isTdl(profile)) return profile;
    const dopplerHz = this.dopplerHz.value.value;
    if (dopplerHz === undefined) return null;
    if (!this.hasDelaySpread.value) return { profile, dopplerHz };
    const spread = this.delaySpreadNs.value.value;
    return spread === undefined ? null : { profile, dopplerHz, delaySpreadSeconds: spread * 1e-9 };
  });

  /** The slot for a receiver; undefined while a field that it needs has something wrong. */
  setup(receiver: Receiver): Setup | undefined {
    const [snrDb, nPrb, seed] = [this.snrDb, this.nPrb, this.seed].map(({ value }) => value.value);
    const [channel, pilots] = [this.#channel.value, this.pilots.config.value];
    if (snrDb === undefined || nPrb === undefined || seed === undefined) return undefined;
    if (channel === null || pilots === null) return undefined;
    const dmrs = { ...pilots, nId: 1, nScid: 0, slot: 0 } as const;
    return { config: { ...receiver, nPrb, snrDb, channel, dmrs }, seed };
  }
}

/** The same slot for `spikingrx report` and `spikingrx simulate`, whose generator is the same too. */
export function flagsOf({ config, seed }: Setup): readonly string[] {
  const { nPrb, snrDb, channel, dmrs } = config;
  const fading = typeof channel === 'object' ? channel : undefined;
  const spread = fading?.delaySpreadSeconds;
  const flags: Readonly<Record<string, string | number | undefined>> = {
    prb: nPrb,
    snr: snrDb,
    profile: typeof channel === 'object' ? channel.profile : channel,
    'delay-spread': spread && Number((spread * 1e9).toPrecision(12)),
    doppler: fading?.dopplerHz,
    'dmrs-symbols': dmrs.symbolPositions.join(),
    'dmrs-type': dmrs.configType,
    'cdm-groups': dmrs.cdmGroupsWithoutData,
    seed,
  };
  return Object.entries(flags).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
}

/** What has to stay for bit errors of several slots to be counted together: all but SNR and seed. */
export function conditionsOf({ config }: Setup, model: string): string {
  return JSON.stringify([model, { ...config, snrDb: undefined }]);
}
