import { describe, expect, it } from 'vitest';
import { GRADIENT_RULES } from '#grad/rules.js';

import { OPERATOR_CASES } from './cases.js';
import { CURVED, EXACT, checkGradients } from './check-gradients.js';

describe.each(Object.entries(OPERATOR_CASES))('gradient of %s', (_, cases) => {
  it.each(cases)('equals finite differences: $name', async (test) => {
    await expect(checkGradients(test)).resolves.toBeUndefined();
  });
});

it('covers every rule', () => {
  expect(Object.keys(OPERATOR_CASES).sort()).toEqual(Object.keys(GRADIENT_RULES).sort());
});

describe('the check itself', () => {
  it('fails when a gradient is 0.1 % off', async () => {
    const wrong = {
      name: 'wrong',
      shapes: [[2, 3]],
      build: (g, [x]) => g.mul(x, 1.001),
      reference: (g, [x]) => g.identity(x),
      ...EXACT,
    } satisfies Parameters<typeof checkGradients>[0];
    await expect(checkGradients(wrong)).rejects.toThrow('wrong, weighted, gradient of x0: at 0');
  });

  it('fails when a curved function has a wrong slope', async () => {
    const wrong = {
      name: 'wrong',
      shapes: [[3], [3]],
      build: (g, [x, y]) => g.add(g.exp(x), y),
      reference: (g, [x, y]) => g.add(g.exp(g.mul(x, 1.01)), y),
      ...CURVED,
    } satisfies Parameters<typeof checkGradients>[0];
    await expect(checkGradients(wrong)).rejects.toThrow('gradient of x0');
  });
});
