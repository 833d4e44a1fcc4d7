/** Texts about an answer as headers of the service. */
export function headersOf(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [`x-spikingrx-${name}`, text]));
}
