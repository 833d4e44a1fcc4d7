/** Headers and metadata may hold printable ASCII only; a name may be a folder's or the client's own unknown key. */
export function asciiOnly(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
