import { IQ_DATATYPES, LLR_DATATYPES, LLR_LAYOUTS, LLR_POLARITIES } from '../../wire/messages.js';
import type { GridMessage, IqTensorMessage } from '../../wire/messages.js';
import type { CapturedGridMessage } from '../../wire/bulk/captured.js';
import { decodeBase64 } from '../base64.js';
import type { GridAnswer } from '../grids.js';
import { resultMessage } from '../grpc/messages.js';
import type { Transport } from '../metrics.js';
import type { WireGrid, WireIq } from '../wire-grid.js';

/** A grid that was answered, and when and how it came. */
export interface AnsweredGrid {
  /** As the client sent it, found valid. */
  readonly grid: WireGrid;
  readonly answer: GridAnswer;
  /** On the `performance.now()` clock. */
  readonly receivedMs: number;
  readonly transport: Transport;
}

export function captured({ grid, answer, receivedMs, transport }: AnsweredGrid): CapturedGridMessage {
  const { model, version } = answer.result;
  const receivedUs = Math.round((performance.timeOrigin + receivedMs) * 1000);
  return {
    receivedS: Math.floor(receivedUs / 1e6),
    receivedUs: receivedUs % 1e6,
    transport,
    request: { model, version, grids: [gridMessage(grid)] },
    result: resultMessage(answer),
  };
}

/** The inverse of what the transports do to a grid. */
function gridMessage({ id, rx, dmrs, format }: WireGrid): GridMessage {
  const { datatype, layout, polarity, scale } = format;
  return {
    id,
    rx: rx && tensorMessage(rx),
    ...(dmrs?.kind === 'config' && {
      dmrsConfig: { ...dmrs.config, symbolPositions: dmrs.config.symbolPositions ?? [] },
    }),
    ...(dmrs?.kind === 'tensor' && {
      dmrsTensor: { tensor: tensorMessage(dmrs.tensor), cdmGroupsWithoutData: dmrs.cdmGroupsWithoutData },
    }),
    output: {
      datatype: LLR_DATATYPES[datatype],
      layout: LLR_LAYOUTS[layout],
      polarity: LLR_POLARITIES[polarity],
      scale,
    },
  };
}

function tensorMessage({ datatype, shape, data, scale }: WireIq): IqTensorMessage {
  return {
    datatype: IQ_DATATYPES[datatype as keyof typeof IQ_DATATYPES],
    shape,
    data: typeof data === 'string' ? decodeBase64(data, 'data') : data,
    scale,
  };
}
