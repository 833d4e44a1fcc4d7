import { expect, test } from 'vitest';
import { Display, formatPlain, formatTable } from '#demo/table.js';
import { Tally } from '#demo/tally.js';

function row(name: string) {
  const tally = new Tally();
  tally.start(0);
  tally.add(
    { latencyMs: 1.25, batchSize: 3, dmrsSymbols: 2, bits: 1000, errors: 5, lsErrors: 7, perfectErrors: 3 },
    100,
  );
  return { name, figures: tally.figures() };
}

function screen(isTTY: boolean, columns?: number) {
  const written: string[] = [];
  return {
    isTTY,
    ...(columns !== undefined && { columns }),
    written,
    write: (text: string) => written.push(text),
  };
}

test('all lines of the table have one width', () => {
  const lines = formatTable([row('REST'), row('gRPC stream')]);
  expect(lines).toHaveLength(4);
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  expect(lines[3]).toMatch(/^gRPC stream .* 10 .* 3\.0 .* 1\.3 .* 5\.00e-3 .* 7\.00e-3 .* 3\.00e-3$/);
});

test('figures that are not there yet are dashes', () => {
  const tally = new Tally();
  tally.start(0);
  expect(formatPlain({ name: 'REST', figures: tally.figures() })).toContain('BER –');
});

test('a terminal is redrawn in place', () => {
  const escape = '\u001b';
  const terminal = screen(true);
  const display = new Display(terminal);
  display.update([row('REST')]);
  display.update([row('REST'), row('gRPC stream')]);
  display.finish([row('REST'), row('gRPC stream')]);
  expect(terminal.written.map((text) => text.slice(0, 8))).toEqual([
    'transpor',
    `${escape}[3A${escape}[0J`,
    `${escape}[4A${escape}[0J`,
  ]);
});

test('lines are cut to the width of the terminal, so that none wraps', () => {
  const terminal = screen(true, 40);
  new Display(terminal).update([row('REST')]);
  const lines = terminal.written.join('').split('\n');
  expect(lines.map((text) => text.length)).toEqual([40, 40, 40, 0]);
});

test('elsewhere there are plain lines without escapes, and the table at the end', () => {
  const file = screen(false);
  const display = new Display(file);
  display.update([row('REST')]);
  display.finish([row('REST')]);
  expect(file.written.join('')).not.toContain('\u001b');
  expect(file.written[0]).toMatch(/^REST: 1 slots/);
  expect(file.written[1]).toContain('transport');
});
