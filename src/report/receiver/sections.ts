/** What a report shows of a model as a receiver. */
import type { Section } from '../section.js';
import { channelGroup } from './channel-figures.js';
import { constellationGroup } from './constellation.js';
import { energyGroup } from './energy.js';
import { errorGroup } from './errors.js';
import type { EvaluationChoice } from './evaluation.js';
import { llrGroup } from './llrs.js';
import { performanceGroup } from './performance.js';
import { sweepGroup } from './sweep-figure.js';
import { beforeAfterGroup, trainingCurveGroup } from './training-figures.js';

export function receiverSections(evaluation: EvaluationChoice): readonly Section[] {
  return [
    {
      id: 'llrs',
      title: 'LLRs',
      intro:
        'What the model says about every bit of this slot: ln P(b = 0)/P(b = 1). Its sign is the decision, its ' +
        'magnitude how sure the model is; the decoder needs both to be right.',
      groups: [llrGroup, errorGroup],
    },
    {
      id: 'channel',
      title: 'Channel and constellation',
      intro:
        'What the channel did to this slot, and what estimates made from its DMRS know of it. The model sees such ' +
        'estimates among its features and works on from there.',
      groups: [channelGroup, constellationGroup],
    },
    {
      id: 'performance',
      title: 'Over SNR',
      intro:
        'One slot says little about a receiver. Here are many, drawn from streams that training never sees, with all ' +
        'receivers on the same ones.',
      groups: [performanceGroup(evaluation)],
    },
    {
      id: 'energy',
      title: 'Operations and energy',
      intro:
        'What the model has to compute for this slot, counted, beside an ANN of the same shape; and what that costs, estimated.',
      groups: [energyGroup],
    },
    {
      id: 'beta-theta',
      title: 'Effect of β and θ',
      intro:
        'β is the share of its potential that a neuron keeps from step to step, θ the potential at which it fires. ' +
        'Together they set how often the network spikes, and so what it costs and what it still can tell.',
      groups: [sweepGroup],
    },
    {
      id: 'training',
      title: 'Training',
      intro:
        'How the model came to be what it is: the course of its training, and the network before the first step beside the ' +
        'one after the last.',
      groups: [trainingCurveGroup, beforeAfterGroup],
    },
  ];
}
