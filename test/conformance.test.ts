import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONFORMANCE_KINDS } from '@fairlead/sdk/testing';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const plugins = path.join(root, 'plugins');
const ofAKindWithLaws = readdirSync(plugins).filter((folder) =>
  CONFORMANCE_KINDS.some((kind) => folder.startsWith(`${kind}-`)),
);

/** Files of a folder that make a test of each law that they ask for. */
function filesWithLaws(folder: string): { readonly file: string; readonly text: string }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => ({ file, text: readFileSync(path.join(folder, file), 'utf8') }))
    .filter(({ text }) => text.includes('it.each(conformanceLaws(') || /= conformanceLaws\([^]*it\.each\(/.test(text));
}

/** What cannot be tried without root and namespaces is tried among the system tests, on the built plugin. */
const onRealParts = filesWithLaws(path.join(root, 'test', 'system'));

it.each(ofAKindWithLaws)('%s is held to the laws of its kind by a test', (folder) => {
  const own = filesWithLaws(path.join(plugins, folder, 'test')).map(({ file }) => file);
  const real = onRealParts.filter(({ text }) =>
    new RegExp(`import (\\w+)(,.*)? from '@fairlead/${folder}';[^]*= conformanceLaws\\(\\1,`).test(text),
  );
  expect([...own, ...real.map(({ file }) => file)]).not.toEqual([]);
});
