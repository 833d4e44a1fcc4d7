import { expect, it } from 'vitest';
import { formatCsv, formatJson } from '#report/table.js';
import { LINE } from './helpers/figures.js';

it('CSV quotes what would end a cell, and leaves empty what is not there', () => {
  expect(formatCsv(LINE.data)).toBe('x,note\n0,"a,""b""\nc"\n1,\n0.5,</script><!--\n');
});

it('JSON has columns beside rows', () => {
  expect(JSON.parse(formatJson(LINE.data))).toEqual(LINE.data);
});
