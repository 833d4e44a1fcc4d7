/** Text that becomes part of a page. */
import { deflateSync } from 'node:zlib';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For content of elements and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** JSON as text that has nothing in it that HTML would understand: deflated (RFC 1950), in base64. */
export function packedJson(value: unknown): string {
  return deflateSync(JSON.stringify(value)).toString('base64');
}
