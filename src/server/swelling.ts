/**
 * So many times its own size what is compressed may become, once it is beyond {@link FREE_BYTES}. Samples of a radio do
 * not get near it; what does is made to fill the memory of others.
 */
export const MAX_RATIO = 100;
const FREE_BYTES = 2 ** 20;

/** Whether `decodedBytes` is no honest size for what came as `encodedBytes`. */
export function isSwollen(decodedBytes: number, encodedBytes: number): boolean {
  return decodedBytes > FREE_BYTES && decodedBytes > MAX_RATIO * encodedBytes;
}
