import { type Static, Type } from 'typebox';
import type { DmrsConfig } from './dmrs.js';

const integer = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description });

/**
 * A DMRS configuration as JSON: keys as {@link DmrsConfig}, which `dmrsGrid` checks further. Unknown keys are
 * refused: what is misspelled must not be ignored.
 */
export const DmrsConfigSchema = Type.Object(
  {
    configType: Type.Optional(integer(1, 2, 'Configuration type. Default 1')),
    symbolPositions: Type.Array(integer(0, 13, 'OFDM symbol in the slot'), {
      minItems: 1,
      maxItems: 14,
      description: 'OFDM symbols that carry DMRS, strictly ascending',
    }),
    nId: integer(0, 65535, 'Scrambling identity N_ID'),
    nScid: Type.Optional(integer(0, 1, 'n_SCID. Default 0')),
    slot: integer(0, 639, 'Slot number in the frame'),
    port: Type.Optional(integer(0, 5, 'Antenna port p − 1000 (PDSCH) or p (PUSCH). Default 0')),
    startRb: Type.Optional(
      integer(0, 2473, 'Lowest resource block, from common resource block 0. Default 0'),
    ),
    cdmGroupsWithoutData: Type.Optional(integer(1, 3, 'CDM groups without data. Default 1')),
    scale: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'Pilot amplitude relative to data symbols. Default 1',
      }),
    ),
    startSymbol: Type.Optional(
      integer(0, 13, 'Number in the slot of the first symbol of the grid. Default 0'),
    ),
    symbolsPerSlot: Type.Optional(Type.Enum([12, 14], { description: '12 with extended CP. Default 14' })),
  },
  { additionalProperties: false, description: 'DMRS configuration (TS 38.211 §6.4.1.1, §7.4.1.1)' },
);
export type DmrsConfigJson = Static<typeof DmrsConfigSchema>;

/** Fills in the defaults, behind the keys that are there; `dmrsGrid` checks how the keys fit together. */
export function dmrsConfigFrom(json: DmrsConfigJson): DmrsConfig {
  const { configType = 1, nScid = 0, cdmGroupsWithoutData = 1 } = json;
  return { ...json, configType, nScid, cdmGroupsWithoutData } as DmrsConfig;
}
