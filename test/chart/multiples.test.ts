import { describe, expect, it } from 'vitest';
import { multiples } from '#chart/multiples.js';

describe('small multiples', () => {
  it.each([
    { across: 3, subtitle: 'a line', names: ['x'] },
    { across: 2, subtitle: '', names: [] },
    { across: 1, subtitle: 'one\ntwo', names: ['x', 'y'] },
  ])('lie inside the figure and beside each other: %o', (given) => {
    const { places, size, chart } = multiples({ title: 'Plots', count: 5, height: 100, ...given });
    expect(places.length).toBe(5);
    places.forEach((place, i) => {
      expect(place.left).toBeGreaterThanOrEqual(0);
      expect(place.left + place.width).toBeLessThanOrEqual(size.width);
      expect(place.top + place.height).toBeLessThanOrEqual(size.height);
      expect(place.height).toBeCloseTo(100, 9);
      for (const other of places.slice(i + 1)) {
        const beside = other.left >= place.left + place.width || other.left + other.width <= place.left;
        expect(beside || other.top >= place.top + place.height).toBe(true);
      }
    });
    const legend = (chart([]) as { legend?: { data: string[] } }).legend?.data;
    expect(legend ?? []).toEqual(given.names);
  });
});
