import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { locate } from '../src/config/locate.ts';

const text = `nics:
  - name: up0
    driver: &driver
      use: memory
      options: { speedBps: 5 }
  - name: up1
    driver: *driver
pins:
  a.b: [x, y]
  a: 1
  "7": z
`;
const document = parseDocument(text, { stringKeys: true });
/** The text from the place of a path to the end of its line. */
const at = (path: string): string => text.slice(locate(document, path)).split('\n')[0] as string;

describe('the place of a path in the text', () => {
  it('is the key of an entry', () => {
    expect(at('nics[0].driver.options.speedBps')).toBe('speedBps: 5 }');
    expect(at('nics[1].name')).toBe('name: up1');
  });

  it('is the element of a list', () => {
    expect(at('nics[1]')).toBe('name: up1');
    expect(at('pins.a.b[1]')).toBe('y]');
  });

  it('is the innermost part that is there when something is missing', () => {
    expect(at('nics[0].role')).toBe('name: up0');
    expect(at('pins.c.d')).toBe('pins:');
    expect(at('vms')).toBe('nics:');
    expect(at('nics[9].name')).toBe('nics:');
  });

  it('is found behind an alias, and under keys with dots or digits', () => {
    expect(at('nics[1].driver.use')).toBe('use: memory');
    expect(at('pins.a')).toBe('a: 1');
    expect(at('pins.a.b')).toBe('a.b: [x, y]');
    expect(at('pins[7]')).toBe('"7": z');
  });
});
