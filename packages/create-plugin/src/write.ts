import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FairleadError, isFairleadError } from '@fairlead/sdk';
import type { PluginRequest } from './request.ts';
import { filesOf } from './templates.ts';

/** What an empty folder may hold: a fresh clone, and what a desktop leaves behind. */
const NOTHING: ReadonlySet<string> = new Set(['.git', '.DS_Store']);

/**
 * Writes the package of a plugin and returns the paths of its files within its folder.
 *
 * @throws FairleadError `FAIRLEAD_ERR_SCAFFOLD_FOLDER` when the folder holds something already, or cannot be written to.
 * ```ts
 * writePlugin({ kind: 'admission', name: 'frame-budget', language: 'js', folder: './frame-budget' });
 * ```
 * @example
 * ```ts
 * import { pluginRequest, writePlugin } from '@fairlead/create-plugin';
 *
 * const files = writePlugin(pluginRequest({ kind: 'admission', name: 'frame-budget' }));
 * console.log(files.join('\n'));
 * ```
 */
export function writePlugin(request: PluginRequest): readonly string[] {
  const { folder } = request;
  const files = filesOf(request);
  try {
    demandEmpty(folder);
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      // A file that has come meanwhile is not ours to overwrite.
      writeFileSync(join(folder, path), text, { flag: 'wx' });
    }
  } catch (cause) {
    if (isFairleadError(cause)) throw cause;
    throw new FairleadError('FAIRLEAD_ERR_SCAFFOLD_FOLDER', `the package cannot be written: ${messageOf(cause)}`, {
      where: folder,
      mend: 'name a folder that you may write to, with --folder',
      cause,
    });
  }
  return [...files.keys()];
}

function demandEmpty(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) throw occupied(folder, 'it is a file');
  const [first, ...more] = readdirSync(folder).filter((name) => !NOTHING.has(name));
  if (first === undefined) return;
  throw occupied(folder, `it holds ${first}${more.length === 0 ? '' : ` and ${more.length} more`}`);
}

function occupied(folder: string, why: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_SCAFFOLD_FOLDER', `the folder is not empty: ${why}`, {
    where: folder,
    mend: 'name another one, with --folder; nothing was written',
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
