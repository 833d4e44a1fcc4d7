import { SpikingRxError, type ErrorCode } from '../../errors.js';

/** Deepest nesting taken; a DMRS configuration's symbol list is at 6. */
const MAX_DEPTH = 16;
/** Brackets, commas and texts of one grid with every key given: about 80. */
const TOKENS_PER_GRID = 128;
const TOKENS_AROUND_GRIDS = 256;

/** Keys find their way into paths and messages. */
const MAX_KEY_BYTES = 256;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** By byte: +1 opens, -1 closes. A table, because a body may be megabytes of anything. */
const NESTING = new Int8Array(256);
for (const opening of '[{') NESTING[opening.charCodeAt(0)] = 1;
for (const closing of ']}') NESTING[closing.charCodeAt(0)] = -1;

/** How much structure a body may have. */
export interface JsonBudget {
  /** Brackets, commas and texts. */
  readonly tokens: number;
  /** What that is enough for. */
  readonly purpose: string;
}

/** Enough for a request of `maxGrids` grids. */
export function gridBudget(maxGrids: number): JsonBudget {
  return { tokens: maxGrids * TOKENS_PER_GRID + TOKENS_AROUND_GRIDS, purpose: `${maxGrids} grids` };
}

/**
 * Refuses JSON with more structure than a request can have, before it is parsed. The bytes of a legitimate body are nearly all base64; a body of as many bytes that is all brackets and commas
 * would keep parser and validator busy for seconds. Linear, and skips over texts at the speed of `memchr`.
 * @throws PAYLOAD_TOO_LARGE for too many values, INVALID_ARGUMENT for too deep a nesting or too long a key.
 */
export function checkJsonStructure(body: Uint8Array, budget: JsonBudget): void {
  const limit = budget.tokens;
  let tokens = 0;
  let depth = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]!;
    if (byte === QUOTE) {
      tokens++;
      const end = endOfText(body, i);
      if (end - i > MAX_KEY_BYTES && isKey(body, end))
        throw refused(`keys of at most ${MAX_KEY_BYTES} bytes`, 'a longer one');
      i = end;
    } else if (byte === COMMA) tokens++;
    else if (NESTING[byte] !== 0) {
      tokens++;
      depth += NESTING[byte]!;
      if (depth > MAX_DEPTH) throw refused(`JSON nested at most ${MAX_DEPTH} deep`, 'deeper');
    }
    if (tokens > limit) {
      const expected = `at most ${limit} brackets, commas and texts, enough for ${budget.purpose}`;
      throw refused(expected, 'more', 'PAYLOAD_TOO_LARGE');
    }
  }
}

/** Index of the closing quote, or of the end where there is none. */
function endOfText(body: Uint8Array, start: number): number {
  for (let end = start; ; ) {
    end = body.indexOf(QUOTE, end + 1);
    if (end === -1) return body.length;
    let before = end - 1;
    while (body[before] === BACKSLASH) before--;
    // An even number of backslashes before it escape each other and leave the quote alone.
    if ((end - before) % 2 === 1) return end;
  }
}

/** Whether the text that ends at `end` is followed by a colon. */
function isKey(body: Uint8Array, end: number): boolean {
  let next = end + 1;
  while (BLANKS.has(body[next]!)) next++;
  return body[next] === COLON;
}

function refused(expected: string, received: string, code: ErrorCode = 'INVALID_ARGUMENT'): SpikingRxError {
  const message = `body: expected ${expected}, received ${received}`;
  return new SpikingRxError(code, message, { field: 'body', expected, received });
}
