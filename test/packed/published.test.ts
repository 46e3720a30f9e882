import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workspacePackages } from '../../scripts/workspace.mjs';
import { Workshop } from './given/workshop.ts';

/*
 * The packages as they are published: publint looks at what a package.json promises, arethetypeswrong at what a compiler
 * finds. All are ES modules alone, so how CommonJS or the resolution of old would see them does not count.
 */
const published = workspacePackages().filter(({ dir }) => /^(packages|plugins)\//.test(dir));
const COUNTED = new Set<unknown>(['node16-esm', 'bundler', undefined]);
const workshop = new Workshop();

beforeAll(() => workshop.pack());
afterAll(() => workshop.remove());

describe.each(published)('$name, packed,', ({ name, manifest }) => {
  const file = (): Buffer => {
    const archive = `${name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
    return readFileSync(path.join(workshop.tarballs, archive));
  };

  it('keeps what its package.json promises', async () => {
    const { buffer, byteOffset, byteLength } = file();
    const tarball = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
    expect(JSON.stringify(pkg)).not.toMatch(/"(workspace|catalog):/);
  });

  it('has types where a compiler looks for them', async () => {
    const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(file())));
    const problems = 'problems' in analysis ? analysis.problems : [{ kind: 'no types' }];
    expect(problems.filter((problem) => COUNTED.has((problem as { resolutionKind?: string }).resolutionKind))).toEqual(
      [],
    );
  });
});
