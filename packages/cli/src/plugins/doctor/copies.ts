import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type InstalledPlugin, readManifest } from '../installed.ts';
import type { Finding } from './finding.ts';

export const SDK = '@fairlead/sdk';

/** A package that a folder finds by its name. */
export interface Copy {
  readonly folder: string;
  readonly version: string;
}

/** The copy of a package that modules of a folder get; undefined when they get none. */
export function copyFor(folder: string, name: string): Copy | undefined {
  try {
    const found = dirname(realpathSync(createRequire(join(folder, 'package.json')).resolve(`${name}/package.json`)));
    return { folder: found, version: readManifest(found)?.version ?? '' };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined;
    throw error;
  }
}

/** The folder of the command: its sdk is the one that its hosts have. */
const HERE = dirname(fileURLToPath(import.meta.url));

/**
 * Packages of which one process must have one copy, and has several. Two copies of the sdk do not know each other's
 * tokens' records of a constructor, nor two of tsyringe each other's classes.
 */
export function copyFindings(plugins: readonly InstalledPlugin[], seenFrom: string): Finding[] {
  const users = [{ package: 'fairlead', folder: HERE }, ...plugins];
  const sdks = copiesOf(SDK, users);
  // A plugin gets tsyringe through its sdk, the host through its core.
  const core = copyFor(HERE, '@fairlead/core');
  const through = [...sdks].map(([folder]) => ({ package: `${SDK} in ${relative(seenFrom, folder)}`, folder }));
  const containers = copiesOf('tsyringe', [
    ...(core === undefined ? [] : [{ package: '@fairlead/core', folder: core.folder }]),
    ...through,
  ]);
  return [...severalCopies(SDK, sdks, seenFrom), ...severalCopies('tsyringe', containers, seenFrom)];
}

interface User {
  readonly package: string;
  readonly folder: string;
}

/** Who gets which copy, by the copy's folder. */
function copiesOf(name: string, users: readonly User[]): ReadonlyMap<string, readonly string[]> {
  const copies = new Map<string, string[]>();
  for (const { package: user, folder } of users) {
    const copy = copyFor(folder, name);
    if (copy !== undefined) copies.set(copy.folder, [...(copies.get(copy.folder) ?? []), user]);
  }
  return copies;
}

function severalCopies(name: string, copies: ReadonlyMap<string, readonly string[]>, seenFrom: string): Finding[] {
  if (copies.size < 2) return [];
  const told = [...copies].map(([folder, users]) => {
    const few = users.slice(0, 3).join(', ') + (users.length > 3 ? ` and ${users.length - 3} more` : '');
    return `${readManifest(folder)?.version ?? ''} in ${relative(seenFrom, folder) || folder} (for ${few})`;
  });
  return [
    {
      code: 'FAIRLEAD_ERR_PLUGIN_COPIES',
      severity: 'error',
      what: `there are ${copies.size} copies of ${name}: ${told.join('; ')}`,
      where: name,
      mend: 'make the ranges of all meet (npm ls shows who asks for which), then install anew; npm dedupe may do it',
    },
  ];
}
