import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONFORMANCE_KINDS } from '@fairlead/sdk/testing';
import { expect, it } from 'vitest';

const plugins = fileURLToPath(new URL('../plugins', import.meta.url));
const ofAKindWithLaws = readdirSync(plugins).filter((folder) =>
  CONFORMANCE_KINDS.some((kind) => folder.startsWith(`${kind}-`)),
);

it.each(ofAKindWithLaws)('%s is held to the laws of its kind by its own tests', (folder) => {
  const tests = path.join(plugins, folder, 'test');
  const calls = readdirSync(tests)
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => readFileSync(path.join(tests, file), 'utf8').includes('it.each(conformanceLaws('));
  expect(calls).toHaveLength(1);
});
