import { invalid } from '../../errors.js';
import type { ElementType } from '../../engine/elements.js';

/** The protocol's name of each element type. `BYTES` and `BF16` are not served. */
export const DATATYPES = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
} as const satisfies Record<ElementType, string>;
export type Datatype = (typeof DATATYPES)[ElementType];

const TYPES = new Map<string, ElementType>(
  (Object.keys(DATATYPES) as ElementType[]).map((type) => [DATATYPES[type], type]),
);

/** @throws INVALID_ARGUMENT for a datatype that is not served. */
export function elementType(datatype: string, field: string): ElementType {
  const type = TYPES.get(datatype);
  if (type === undefined)
    throw invalid(field, `one of ${[...TYPES.keys()].join(', ')}`, datatype.slice(0, 40) || 'none');
  return type;
}
