/** What the service tells of the grid that it answered last, where it is allowed to. Arrays are base64, little-endian. */
import { type Static, Type } from 'typebox';

const Count = Type.Integer({ minimum: 0 });
const Value = Type.Number({ minimum: 0 });

export const LatestRequestSchema = Type.Object({
  receivedAt: Type.Integer({ description: 'Milliseconds since 1970' }),
  transport: Type.Enum(['rest', 'grpc']),
  id: Type.String({ description: 'As its client called it' }),
  model: Type.String(),
  version: Type.String(),
  shape: Type.Object({ nRx: Count, nSym: Count, nSc: Count, bitsPerSymbol: Count }),
  rx: Type.String({ description: 'float32 [2·nRx, nSym, nSc]: re, im of antenna 0, re, im of antenna 1, …' }),
  dmrs: Type.String({
    description: 'float32 [2, nSym, nSc]: re, im of the pilots, zero where there is none',
  }),
  dataMask: Type.String({ description: 'uint8 [nSym, nSc]: 1 where the resource element carries data' }),
  llr: Type.String({
    description:
      'float32 [bitsPerSymbol, nSym, nSc]: ln P(b=0)/P(b=1), whatever polarity, layout and scale the client asked for; ' +
      'zero where there is no data',
  }),
  llrDatatype: Type.Enum(['f32', 'f16', 'i8'], {
    description: 'In which the client got them: what that cost in precision is lost here too',
  }),
  timing: Type.Object({ decodeMs: Value, queueMs: Value, computeMs: Value, batchSize: Count }),
  quality: Type.Object({
    estimatedSnrDb: Type.Optional(Type.Number()),
    meanAbsLlr: Value,
    saturatedFraction: Value,
  }),
});
export type LatestRequest = Static<typeof LatestRequestSchema>;
