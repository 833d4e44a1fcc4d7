import type { WireTerms } from './deadlines.js';
import type { LlrDatatype, LlrFormat, LlrLayout, LlrPolarity } from '../engine/types.js';

/**
 * A grid as it came over any transport, before validation: names and numbers are what the client wrote.
 * REST and gRPC both translate into this form, so that there is one validation and one set of messages.
 */
export interface WireGrid extends WireTerms {
  readonly id: string;
  readonly rx: WireIq | undefined;
  readonly dmrs: WireDmrs | undefined;
  readonly format: LlrFormat;
}

export interface WireIq {
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Bytes, or base64 text that is decoded only after the shape has been found right. */
  readonly data: Uint8Array | string;
  readonly scale: number | undefined;
}

export type WireDmrs =
  | { readonly kind: 'tensor'; readonly tensor: WireIq; readonly cdmGroupsWithoutData: number | undefined }
  | { readonly kind: 'config'; readonly config: WireDmrsConfig };

/** Names and meaning as `DmrsConfig` of src/nr; what is `undefined` has its default there or is required. */
export interface WireDmrsConfig {
  readonly configType?: number | undefined;
  readonly symbolPositions?: readonly number[] | undefined;
  readonly nId?: number | undefined;
  readonly nScid?: number | undefined;
  readonly slot?: number | undefined;
  readonly port?: number | undefined;
  readonly startRb?: number | undefined;
  readonly cdmGroupsWithoutData?: number | undefined;
  readonly scale?: number | undefined;
  readonly startSymbol?: number | undefined;
  readonly symbolsPerSlot?: number | undefined;
}

export interface WireFormat {
  readonly datatype: LlrDatatype | undefined;
  readonly layout: LlrLayout | undefined;
  readonly polarity: LlrPolarity | undefined;
  readonly scale: number | undefined;
}
