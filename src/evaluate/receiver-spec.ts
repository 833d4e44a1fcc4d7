/** Receivers as plain data, so that every worker thread can open its own. */
import type { SessionOptions } from '../engine/session.js';
import { type ConventionalKind, conventionalReceiver, ModelReceiver, type Receiver } from './receivers.js';
import { ServiceReceiver, type ServiceTarget } from './service-receiver.js';

export type ReceiverSpec =
  | { readonly kind: ConventionalKind; readonly name: string }
  | {
      readonly kind: 'model';
      readonly name: string;
      /** The file's content: it may be replaced while the evaluation runs. */
      readonly bytes: Uint8Array;
      readonly runtime?: SessionOptions;
    }
  | ({ readonly kind: 'service'; readonly name: string } & ServiceTarget);

export async function openReceiver(spec: ReceiverSpec): Promise<Receiver> {
  switch (spec.kind) {
    case 'ls-plain':
    case 'ls-lmmse':
    case 'lmmse':
    case 'perfect-csi':
      return conventionalReceiver(spec.kind);
    case 'model':
      return ModelReceiver.load(spec.name, spec.bytes, spec.runtime);
    case 'service':
      return new ServiceReceiver(spec.name, spec);
    default:
      throw spec satisfies never;
  }
}

export async function openReceivers(specs: readonly ReceiverSpec[]): Promise<Receiver[]> {
  const receivers: Receiver[] = [];
  for (const spec of specs) receivers.push(await openReceiver(spec));
  return receivers;
}
