/** What a report is about, in words: the model, the slot, and how many bits come out right. */
import { conventionalReceiver, type ConventionalKind } from '../evaluate/receivers.js';
import { SUBCARRIERS_PER_RB } from '../nr/shape.js';
import type { ChannelConfig } from '../phy/channel.js';
import { bitErrors } from '../phy/metrics.js';
import { lsLmmseReceiver } from '../phy/receivers/index.js';
import type { SubjectModel } from './model.js';
import type { SubjectSlot } from './slot.js';
import type { Subject } from './subject.js';

/** A group of facts: a name and what it is. */
export interface Facts {
  readonly title: string;
  readonly entries: readonly (readonly [name: string, value: string])[];
}

export async function factsOf(subject: Subject): Promise<readonly Facts[]> {
  const results = await resultFacts(subject);
  return [modelFacts(subject.model), slotFacts(subject.slot), ...(results === undefined ? [] : [results])];
}

function modelFacts({
  title,
  file,
  sha256,
  contract,
  modulation,
  network,
  checkpoint,
  training,
}: SubjectModel): Facts {
  const rest: [string, string][] = [];
  if (network !== undefined) {
    const { timeSteps, beta, trainBeta, threshold, channels, dilations, activation } = network;
    if (activation === 'lif')
      rest.push(
        ['Time steps T', String(timeSteps)],
        ['Decay β', `${beta}${trainBeta ? ' at the start, then trained' : ''}`],
        ['Threshold θ', String(threshold)],
      );
    else rest.push(['Neurons', 'ReLU: an ANN of the same shape, no spikes']);
    rest.push(['Network', `stem and ${dilations.length} blocks of ${channels} channels`]);
  }
  const parameters = contract.config?.['parameters'];
  if (typeof parameters === 'number') rest.push(['Parameters', parameters.toLocaleString('en')]);
  if (training !== undefined) {
    const { optimiser, seed, startFrom } = training;
    const start = startFrom === undefined ? '' : `, from ${startFrom}`;
    rest.push([
      'Training',
      `${checkpoint?.step ?? optimiser.steps} steps of ${optimiser.batch} slots, seed ${seed}${start}`,
    ]);
  }
  return {
    title: 'Model',
    entries: [
      ['Name', title],
      ['File', file],
      ['SHA-256', sha256],
      ['For', `${modulation}, ${contract.nRx} receive antenna${contract.nRx === 1 ? '' : 's'}`],
      ...rest,
    ],
  };
}

function slotFacts({ received, origin, simulated }: SubjectSlot): Facts {
  const { shape, config, snrDb, noiseVariance } = received;
  const { dmrs } = config;
  const estimated = simulated === undefined ? ', estimated from the pilots' : '';
  return {
    title: 'Slot',
    entries: [
      ['Origin', origin],
      ...(simulated === undefined ? [] : channelFacts(simulated.config.channel)),
      ['SNR', `${snrDb.toFixed(1)} dB, energy per RE and antenna over N0${estimated}`],
      ['Noise variance', `${noiseVariance.toPrecision(4)}${estimated}`],
      ['Grid', `${shape.nSc / SUBCARRIERS_PER_RB} PRB: ${shape.nSc} subcarriers, ${shape.nSym} OFDM symbols`],
      [
        'DMRS',
        `type ${dmrs.configType}, symbols ${dmrs.symbolPositions.join(', ')}; ${dmrs.cdmGroupsWithoutData} CDM group${dmrs.cdmGroupsWithoutData === 1 ? '' : 's'} without data`,
      ],
      ['Data', `${received.dataMask.reduce((sum, data) => sum + data, 0)} resource elements`],
    ],
  };
}

function channelFacts(channel: ChannelConfig): [string, string][] {
  if (typeof channel === 'string') return [['Channel', channel]];
  const { profile, delaySpreadSeconds, dopplerHz } = channel;
  const spread =
    delaySpreadSeconds === undefined ? '' : `, RMS delay spread ${+(1e9 * delaySpreadSeconds).toFixed(3)} ns`;
  return [['Channel', `${profile}${spread}, Doppler ${dopplerHz} Hz`]];
}

/** Wrong bits before decoding, of this model and of the conventional receivers. Undefined where no bits are known. */
async function resultFacts({ model, slot, llrs }: Subject): Promise<Facts | undefined> {
  const { bits, simulated, received } = slot;
  if (bits === undefined) return undefined;
  const others: [string, Float32Array][] = [];
  if (simulated === undefined) others.push(['LS + LMMSE', lsLmmseReceiver(received)]);
  else
    for (const kind of ['ls-lmmse', 'perfect-csi'] satisfies ConventionalKind[]) {
      const receiver = conventionalReceiver(kind);
      const [answer] = await receiver.llrs([simulated]);
      others.push([receiver.name, answer as Float32Array]);
    }
  const told = (answer: Float32Array): string => {
    const errors = bitErrors(answer, bits);
    return `${errors} of ${bits.length} bits wrong (${((100 * errors) / bits.length).toFixed(2)} %)`;
  };
  return {
    title: 'Bits before decoding',
    entries: [[model.title, told(llrs)], ...others.map(([name, answer]) => [name, told(answer)] as const)],
  };
}
