import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const examples = readdirSync(path.join(root, 'examples')).filter((file) => /^\d\d-.*\.ts$/.test(file));

describe('the numbered examples', () => {
  it.each(examples)('%s has one idea, said first, in less than 60 lines', (file) => {
    const lines = readFileSync(path.join(root, 'examples', file), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines[0]).toMatch(/^\/\/ [A-Z].*/);
    expect(lines.length).toBeLessThan(60);
  });

  it('are those that the README lists, in order', () => {
    const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
    const listed = [...readme.matchAll(/\(examples\/(\d\d-[^)]+\.ts)\)/g)].map(([, file]) => file);
    expect(listed).toEqual(examples.sort());
  });
});
