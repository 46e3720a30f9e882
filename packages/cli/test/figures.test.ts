import { describe, expect, it } from 'vitest';
import { bar, fit, shortBytes, shortCount, shortRate } from '../src/view/figures.ts';

describe('figures for people', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1.0k'],
    [999_940, '999.9k'],
    [999_960, '1.0M'],
    [200e6, '200.0M'],
    [1.5e9, '1.50G'],
    [9.6e12, '9.60T'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('write a rate of %d bit/s as %s', (bps, text) => expect(shortRate(bps)).toBe(text));

  it.each([
    [0, '0'],
    [9999, '9999'],
    [10_000, '10.0k'],
    [4_560_000, '4.56M'],
  ])('write a count of %d as %s', (count, text) => expect(shortCount(count)).toBe(text));

  it.each([
    [999, '999'],
    [1024, '1.0KiB'],
    [262_144, '256KiB'],
    [1_600_000, '1.5MiB'],
  ])('write %d bytes as %s', (bytes, text) => expect(shortBytes(bytes)).toBe(text));

  it('never need more than seven places', () => {
    for (let exponent = 0; exponent < 13; exponent += 0.01) {
      const value = 10 ** exponent;
      expect(shortRate(value).length).toBeLessThanOrEqual(7);
      if (exponent < 11.9) expect(shortCount(value).length).toBeLessThanOrEqual(7);
      if (exponent < 8.9) expect(shortBytes(value).length).toBeLessThanOrEqual(7);
    }
  });

  it('fill a bar by eighths of a place', () => {
    expect(bar(0, 4)).toBe('····');
    expect(bar(0.5, 4)).toBe('██··');
    expect(bar(0.53, 4)).toBe('██▏·');
    expect(bar(1.7, 4)).toBe('████');
  });

  it('cut or fill a text to its place', () => {
    expect(fit('uplink', 8)).toBe('uplink  ');
    expect(fit('uplink', 8, 'right')).toBe('  uplink');
    expect(fit('uplink', 4)).toBe('upl…');
  });
});
