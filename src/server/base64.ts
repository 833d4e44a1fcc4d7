import { invalid } from '../errors.js';

/**
 * Strict base64 (RFC 4648 §4, padded). Node's decoder skips what it does not know and stops at the first `=`,
 * so truncated or damaged text would come out as shorter data: the length tells.
 * @param field path of the text in the request, for the error.
 * @throws INVALID_ARGUMENT when the text is no complete base64.
 */
export function decodeBase64(text: string, field: string): Buffer {
  if (text.length % 4 !== 0)
    throw invalid(
      field,
      'base64 with padding, a multiple of 4 characters',
      `${text.length} characters (truncated?)`,
    );
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(text, 'base64');
  // `-` and `_` are the URL-safe alphabet, which Node accepts silently.
  if (bytes.length !== (text.length / 4) * 3 - padding || text.includes('-') || text.includes('_'))
    throw invalid(field, 'base64 (A-Z a-z 0-9 + / and = at the end)', 'text with other characters');
  return bytes;
}
