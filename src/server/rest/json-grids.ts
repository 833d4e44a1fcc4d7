import { invalid } from '../../errors.js';
import { llrFormat } from '../decode-grid.js';
import type { LlrJsonBody } from '../schemas.js';
import type { WireDmrs, WireGrid } from '../wire-grid.js';

/** The grids of a body in JSON. @throws INVALID_ARGUMENT for an output format that is none. */
export function jsonGrids(body: Pick<LlrJsonBody, 'grids' | 'output' | 'timeoutMs'>): WireGrid[] {
  const { datatype, layout, polarity, scale } = body.output ?? {};
  const format = llrFormat({ datatype, layout, polarity, scale }, 'output');
  return body.grids.map((grid) => ({
    id: grid.id,
    rx: { ...grid.rx, scale: grid.rx.scale },
    dmrs: jsonDmrs(grid.dmrs),
    format,
    timeoutMs: body.timeoutMs,
    deadlineUs: grid.deadlineUs,
    slotTiming: grid.slotTiming,
  }));
}

function jsonDmrs(dmrs: LlrJsonBody['grids'][number]['dmrs']): WireDmrs {
  if ('config' in dmrs) return { kind: 'config', config: dmrs.config };
  const { cdmGroupsWithoutData, scale, ...tensor } = dmrs;
  return { kind: 'tensor', tensor: { ...tensor, scale }, cdmGroupsWithoutData };
}

/** @throws INVALID_ARGUMENT for a query, which would have no effect. */
export function refuseQuery(query: object): void {
  const [unused] = Object.keys(query);
  if (unused !== undefined)
    throw invalid(unused, 'no query with a JSON body, which describes itself', 'a query parameter');
}
