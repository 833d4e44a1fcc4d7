/**
 * Power delay profiles. TDL-A … TDL-E: TR 38.901 §7.7.2, Tables 7.7.2-1 to 7.7.2-5, delays in units of
 * the RMS delay spread. TDL-A30, B100, C300: TS 38.141-1 Annex G, delays in nanoseconds.
 * Powers in dB. In a line-of-sight profile the first entry is the LOS path, the second the Rayleigh
 * part of the same tap (delay 0).
 */
export const TDL_PROFILE_NAMES = [
  'TDL-A',
  'TDL-B',
  'TDL-C',
  'TDL-D',
  'TDL-E',
  'TDL-A30',
  'TDL-B100',
  'TDL-C300',
] as const;
export type TdlProfileName = (typeof TDL_PROFILE_NAMES)[number];

export interface TdlProfile {
  readonly delayUnit: 'delaySpread' | 'nanosecond';
  readonly lineOfSight: boolean;
  readonly delays: readonly number[];
  readonly powersDb: readonly number[];
}

export const TDL_PROFILES: Readonly<Record<TdlProfileName, TdlProfile>> = {
  // TR 38.901 Table 7.7.2-1
  'TDL-A': {
    delayUnit: 'delaySpread',
    lineOfSight: false,
    delays: [
      0, 0.3819, 0.4025, 0.5868, 0.461, 0.5375, 0.6708, 0.575, 0.7618, 1.5375, 1.8978, 2.2242, 2.1718, 2.4942,
      2.5119, 3.0582, 4.081, 4.4579, 4.5695, 4.7966, 5.0066, 5.3043, 9.6586,
    ],
    powersDb: [
      -13.4, 0, -2.2, -4, -6, -8.2, -9.9, -10.5, -7.5, -15.9, -6.6, -16.7, -12.4, -15.2, -10.8, -11.3, -12.7,
      -16.2, -18.3, -18.9, -16.6, -19.9, -29.7,
    ],
  },
  // TR 38.901 Table 7.7.2-2
  'TDL-B': {
    delayUnit: 'delaySpread',
    lineOfSight: false,
    delays: [
      0, 0.1072, 0.2155, 0.2095, 0.287, 0.2986, 0.3752, 0.5055, 0.3681, 0.3697, 0.57, 0.5283, 1.1021, 1.2756,
      1.5474, 1.7842, 2.0169, 2.8294, 3.0219, 3.6187, 4.1067, 4.279, 4.7834,
    ],
    powersDb: [
      0, -2.2, -4, -3.2, -9.8, -1.2, -3.4, -5.2, -7.6, -3, -8.9, -9, -4.8, -5.7, -7.5, -1.9, -7.6, -12.2,
      -9.8, -11.4, -14.9, -9.2, -11.3,
    ],
  },
  // TR 38.901 Table 7.7.2-3
  'TDL-C': {
    delayUnit: 'delaySpread',
    lineOfSight: false,
    delays: [
      0, 0.2099, 0.2219, 0.2329, 0.2176, 0.6366, 0.6448, 0.656, 0.6584, 0.7935, 0.8213, 0.9336, 1.2285,
      1.3083, 2.1704, 2.7105, 4.2589, 4.6003, 5.4902, 5.6077, 6.3065, 6.6374, 7.0427, 8.6523,
    ],
    powersDb: [
      -4.4, -1.2, -3.5, -5.2, -2.5, 0, -2.2, -3.9, -7.4, -7.1, -10.7, -11.1, -5.1, -6.8, -8.7, -13.2, -13.9,
      -13.9, -15.8, -17.1, -16, -15.7, -21.6, -22.8,
    ],
  },
  // TR 38.901 Table 7.7.2-4
  'TDL-D': {
    delayUnit: 'delaySpread',
    lineOfSight: true,
    delays: [0, 0, 0.035, 0.612, 1.363, 1.405, 1.804, 2.596, 1.775, 4.042, 7.937, 9.424, 9.708, 12.525],
    powersDb: [-0.2, -13.5, -18.8, -21, -22.8, -17.9, -20.1, -21.9, -22.9, -27.8, -23.6, -24.8, -30, -27.7],
  },
  // TR 38.901 Table 7.7.2-5
  'TDL-E': {
    delayUnit: 'delaySpread',
    lineOfSight: true,
    delays: [
      0, 0, 0.5133, 0.544, 0.563, 0.544, 0.7112, 1.9092, 1.9293, 1.9589, 2.6426, 3.7136, 5.4524, 12.0034,
      20.6519,
    ],
    powersDb: [
      -0.03, -22.03, -15.8, -18.1, -19.8, -22.9, -22.4, -18.6, -20.8, -22.6, -22.3, -25.6, -20.2, -29.8,
      -29.2,
    ],
  },
  // TS 38.141-1 Annex G
  'TDL-A30': {
    delayUnit: 'nanosecond',
    lineOfSight: false,
    delays: [0, 10, 15, 20, 25, 50, 65, 75, 105, 135, 150, 290],
    powersDb: [-15.5, 0, -5.1, -5.1, -9.6, -8.2, -13.1, -11.5, -11, -16.2, -16.6, -26.2],
  },
  // TS 38.141-1 Annex G
  'TDL-B100': {
    delayUnit: 'nanosecond',
    lineOfSight: false,
    delays: [0, 10, 20, 30, 35, 45, 55, 120, 170, 245, 330, 480],
    powersDb: [0, -2.2, -0.6, -0.6, -0.3, -1.2, -5.9, -2.2, -0.8, -6.3, -7.5, -7.1],
  },
  // TS 38.141-1 Annex G
  'TDL-C300': {
    delayUnit: 'nanosecond',
    lineOfSight: false,
    delays: [0, 65, 70, 190, 195, 200, 240, 325, 520, 1045, 1510, 2595],
    powersDb: [-6.9, 0, -7.7, -2.5, -2.4, -9.9, -8, -6.6, -7.1, -13, -14.2, -16],
  },
};
