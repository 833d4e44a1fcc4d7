/** In numeric order; folders that are no versions, which are refused by name, come before all. */
export function inOrderOfVersions(a: string, b: string): number {
  return numberOf(a) - numberOf(b);
}

/** Not NaN, which would leave the versions around it in any order. */
function numberOf(version: string): number {
  return isVersion(version) ? Number(version) : -1;
}

/** A whole number. */
export function isVersion(text: string): boolean {
  return /^\d+$/.test(text);
}
