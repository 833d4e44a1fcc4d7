// Compares the answer to a sample request with the bits that were sent:
//   node samples/check.mjs answer.json samples/slot.truth.json
// Takes answers of POST /v1/llr with f32 LLRs in codeword order, base64 or as an array.
import { readFileSync } from 'node:fs';

const [answerPath, truthPath] = process.argv.slice(2);
if (truthPath === undefined) {
  console.error('usage: node samples/check.mjs <answer.json> <slot.truth.json>');
  process.exit(2);
}
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const { llr } = read(answerPath).results[0];
const { bits, bitErrors } = read(truthPath);

const bytes = typeof llr.data === 'string' ? Buffer.from(llr.data, 'base64') : undefined;
const values = bytes ? Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i)) : llr.data;
if (values.length !== bits.length) {
  console.error(`expected ${bits.length} LLRs, received ${values.length}`);
  process.exit(1);
}
// LLR = ln P(b=0)/P(b=1): positive means 0.
const wrong = values.filter((value, i) => (value >= 0 ? '0' : '1') !== bits[i]).length;
console.log(`${bits.length} bits, ${wrong} with the wrong LLR sign`);
console.log(`on the same slot: LS + LMMSE ${bitErrors.lsLmmse}, perfect channel knowledge ${bitErrors.perfectCsi}`);
