import { relative } from 'node:path';
import { FairleadError } from '@fairlead/sdk';
import { SCAFFOLD } from '../manifest.ts';
import type { Lines } from '../new-plugin.ts';
import { PackageFiles } from './package-files.ts';
import type { Change, Step } from './step.ts';
import { step1 } from './step-1.ts';

/** The steps, each from the scaffold before it. */
const STEPS: readonly Step[] = [step1];

/**
 * How an update is made.
 *
 * @example
 * ```ts
 * import { type UpdateFlags, updatePlugin } from '@fairlead/create-plugin';
 *
 * const look: UpdateFlags = { dryRun: true, sources: true };
 * updatePlugin('./express-lane', look, { print: console.log });
 * ```
 */
export interface UpdateFlags {
  /** Says what would change, and changes nothing. */
  readonly dryRun?: boolean;
  /** Changes sources and tests as well, which otherwise are pointed out and left as they are. */
  readonly sources?: boolean;
}

/**
 * `fairlead plugin update`: brings a package that an older scaffold made, or a hand, to the present one. What it changes
 * is said first; what an author has written is left as it is, unless `sources` allows it.
 *
 * @throws FairleadError `FAIRLEAD_ERR_SCAFFOLD_FOLDER` when the folder has no plugin's package, or one of a later scaffold.
 * @example
 * ```ts
 * import { updatePlugin } from '@fairlead/create-plugin';
 *
 * updatePlugin('./express-lane', { dryRun: true }, { print: console.log });
 * ```
 */
export function updatePlugin(folder: string, { dryRun = false, sources = false }: UpdateFlags, output: Lines): void {
  const files = new PackageFiles(folder);
  const from = scaffoldOf(files, folder);
  const place = relative('.', folder) || '.';
  if (from === SCAFFOLD) {
    output.print(`${place}: scaffold ${SCAFFOLD}, the present one; nothing to do`);
    return;
  }
  output.print(`${place}: scaffold ${from}, the present one is ${SCAFFOLD}`);
  for (const step of STEPS.filter(({ to }) => to > from)) {
    const changes = step.apply(files, sources);
    // What has to be done by hand keeps the package at the scaffold that it has.
    const waits = changes.some(({ left, where }) => left === true && where.startsWith('src/'));
    output.print(`${step.to - 1} to ${step.to}: ${step.about}`);
    for (const change of changes) output.print(`  ${lineOf(change)}`);
    if (waits) {
      output.print('a source is of the older scaffold: change it by hand and update again, or update with --sources');
      return;
    }
    (files.manifest['fairlead'] as Record<string, unknown>)['scaffold'] = step.to;
  }
  if (dryRun) output.print('nothing was written (--dry-run)');
  else output.print(`written: ${files.write().join(', ')}`);
}

function lineOf({ where, what, left = false }: Change): string {
  return `${where}: ${what}${left ? ' (left as it is)' : ''}`;
}

function scaffoldOf({ manifest }: PackageFiles, folder: string): number {
  const { scaffold = 0 } = (manifest['fairlead'] ?? {}) as { scaffold?: unknown };
  if (typeof scaffold === 'number' && Number.isInteger(scaffold) && scaffold >= 0 && scaffold <= SCAFFOLD)
    return scaffold;
  throw new FairleadError('FAIRLEAD_ERR_SCAFFOLD_FOLDER', `the package is of scaffold ${String(scaffold)}`, {
    where: folder,
    mend: `this Fairlead knows scaffolds up to ${SCAFFOLD}: update it`,
  });
}
