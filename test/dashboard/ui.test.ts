import { describe, expect, it } from 'vitest';
import { routeOf } from '#dashboard/routes.js';
import { themeOf } from '#dashboard/theme.js';
import { numberError, numberInput } from '#dashboard/ui/inputs.js';
import { bytes, duration, short } from '#dashboard/ui/numbers.js';

describe('a field for a number', () => {
  it('has the value that its text says, or says what is wrong', () => {
    const input = numberInput(10, { min: -5, max: 30 });
    expect([input.value.value, input.error.value]).toEqual([10, undefined]);
    input.text.value = ' 2.5 ';
    expect(input.value.value).toBe(2.5);
    input.text.value = '31';
    expect([input.value.value, input.error.value]).toEqual([undefined, 'Enter a number from -5 to 30.']);
    input.set(7);
    expect([input.text.value, input.value.value]).toEqual(['7', 7]);
  });

  it.each([
    ['', 'Enter a number.', {}],
    ['0x10', '“0x10” is not a number. Enter a number.', {}],
    ['ten', '“ten” is not a number. Enter a number.', {}],
    ['Infinity', '“Infinity” is not a number. Enter a number.', {}],
    ['1.5', 'Enter a whole number from 1 to 273.', { min: 1, max: 273, isInteger: true }],
    ['-1', 'Enter a number, 0 or more.', { min: 0 }],
    ['8', 'Enter a number, 7 or less.', { max: 7 }],
  ])('says of “%s”: %s', (text, message, limits) => {
    expect(numberError(text, limits)).toBe(message);
  });
});

describe('numbers for people', () => {
  it.each([
    [0, '0'],
    [0.000_123_4, '0.00012'],
    [0.5, '0.5'],
    [1.234, '1.23'],
    [-3.5, '−3.5'],
    [9.999, '10'],
    [99.96, '100'],
    [12_345.6, '12,346'],
  ])('%d is %s', (value, text) => {
    expect(short(value)).toBe(text);
  });

  it('come with their unit', () => {
    expect([bytes(3 * 2 ** 20), bytes(1.5 * 2 ** 30)]).toEqual(['3 MiB', '1.5 GiB']);
    expect([42_000, 200_000, 7_500_000, 100 * 3_600_000].map(duration)).toEqual([
      '42 s',
      '3 min 20 s',
      '2 h 5 min',
      '4 d 4 h',
    ]);
  });
});

describe('what is kept outside of the page', () => {
  it('is a view that there is', () => {
    expect(['#/playground', '#/request', '', '#/nowhere'].map(routeOf)).toEqual([
      'playground',
      'request',
      'live',
      'live',
    ]);
  });

  it('is a theme that there is', () => {
    expect(['dark', 'light', null, 'sepia'].map(themeOf)).toEqual(['dark', 'light', 'auto', 'auto']);
  });
});
