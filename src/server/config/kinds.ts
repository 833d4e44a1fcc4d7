import { Type } from 'typebox';

export interface WholeRange {
  readonly default?: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** A setting that is a whole number. */
export function integer(description: string, range: WholeRange) {
  return Type.Integer({ description, ...range });
}
