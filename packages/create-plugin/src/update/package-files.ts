import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FairleadError } from '@fairlead/sdk';

/** The package.json of somebody's package: anything may be in it, and what is not understood is kept. */
export type WrittenManifest = Record<string, unknown>;

/** The files of a package, with changes that are not on disk yet. */
export class PackageFiles {
  readonly #folder: string;
  readonly #changed = new Map<string, string>();
  readonly manifest: WrittenManifest;
  readonly #manifestText: string;

  /** @throws FairleadError `FAIRLEAD_ERR_SCAFFOLD_FOLDER` when the folder has no package.json that can be read. */
  constructor(folder: string) {
    this.#folder = folder;
    const text = this.read('package.json');
    if (text === undefined) throw noPackage(folder, 'it has no package.json');
    this.#manifestText = text;
    try {
      this.manifest = JSON.parse(text) as WrittenManifest;
    } catch (cause) {
      throw noPackage(folder, `its package.json is not JSON: ${(cause as Error).message}`);
    }
    if (typeof this.manifest !== 'object' || this.manifest === null || Array.isArray(this.manifest))
      throw noPackage(folder, 'its package.json holds no object');
  }

  /** The text of a file, changes included; undefined when it is not there. */
  read(path: string): string | undefined {
    const file = join(this.#folder, path);
    return this.#changed.get(path) ?? (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
  }

  change(path: string, text: string): void {
    this.#changed.set(path, text);
  }

  /** Writes what was changed; returns the paths. */
  write(): readonly string[] {
    const indent = /^[ \t]+/m.exec(this.#manifestText)?.[0] ?? 2;
    const manifest = `${JSON.stringify(this.manifest, null, indent)}\n`;
    if (manifest.trim() !== this.#manifestText.trim()) this.#changed.set('package.json', manifest);
    for (const [path, text] of this.#changed) writeFileSync(join(this.#folder, path), text);
    return [...this.#changed.keys()].sort();
  }
}

function noPackage(folder: string, why: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_SCAFFOLD_FOLDER', `this is not the package of a plugin: ${why}`, {
    where: folder,
    mend: 'name the folder of one; fairlead plugin new makes one',
  });
}
