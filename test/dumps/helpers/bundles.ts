import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OaiBundle } from '#dumps/oai/bundle.js';
import { writeOaiBundle } from '#dumps/oai/folder.js';
import { dmrsAmplitude } from '#dumps/oai/pdsch-config.js';
import { type SimulatedBundle, simulateOaiBundle } from '#dumps/oai/simulated.js';
import type { DmrsConfig } from '#nr/dmrs.js';
import { Random } from '#phy/random.js';
import type { SlotConfig } from '#phy/slot.js';

export interface BundleChange extends Partial<Omit<SimulatedBundle, 'slot'>> {
  readonly slot?: Partial<Omit<SlotConfig, 'dmrs'>>;
  readonly dmrs?: Partial<DmrsConfig>;
}

/** 2 PRB of an 8-PRB carrier, symbols 1 to 13, QPSK, unless told. */
export function drawBundle({ slot, dmrs, ...change }: BundleChange = {}, seed = 1): OaiBundle {
  const pilots: DmrsConfig = {
    configType: 1,
    symbolPositions: [2, 11],
    nId: 7,
    nScid: 0,
    slot: 3,
    cdmGroupsWithoutData: 1,
    startRb: 3,
    startSymbol: 1,
    ...dmrs,
  };
  const config: SlotConfig = {
    modulation: 'QPSK',
    nRx: 1,
    nPrb: 2,
    nSym: 13,
    snrDb: 15,
    channel: 'awgn',
    dmrs: { scale: dmrsAmplitude(pilots.cdmGroupsWithoutData), ...pilots },
    ...slot,
  };
  const options = { mcs: { table: 1, index: 5 }, carrierPrb: 8, bwpStart: 2, ...change } as const;
  return simulateOaiBundle({ slot: config, ...options }, Random.fromSeed(seed));
}

/** The example of the documentation: 50 PRB of 106, symbols 1 to 13, one CDM group. */
export function exampleBundle(): OaiBundle {
  const slot = { nPrb: 50 } as const;
  return drawBundle({
    slot,
    dmrs: { startRb: 0 },
    carrierPrb: 106,
    bwpStart: 0,
    mcs: { table: 1, index: 9 },
  });
}

export type Files = Record<string, Uint8Array>;

/** A folder of its own under the system's temporary one. */
export class TemporaryFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'spikingrx-dumps-'));

  /** Writes a bundle into a folder below. @returns its path. */
  bundle(bundle: OaiBundle, name = 'bundle'): string {
    const folder = join(this.path, name);
    writeOaiBundle(folder, bundle);
    return folder;
  }

  /** Puts files, and nothing else, into a folder. */
  static replace(folder: string, files: Files): void {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  }

  static read(folder: string): Files {
    return Object.fromEntries(
      readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
    );
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
