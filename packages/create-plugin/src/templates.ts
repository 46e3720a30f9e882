import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manifestOf } from './manifest.ts';
import type { PluginRequest } from './request.ts';

/**
 * The templates are packages that work as they stand, of a plugin called `my-plugin`: one folder for each kind, and
 * `every` for what all have. A template's `src` is TypeScript, its `js` the same in plain JavaScript; its tests are
 * both.
 */
const TEMPLATES = fileURLToPath(new URL('../templates', import.meta.url));

/** Names that a template has and a package of an author's gets instead: they are not spelled so in a packed archive. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

/** The files of a new package: path within it, and text. In the order of the paths. */
export function filesOf(request: PluginRequest): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const folder of ['every', request.kind]) {
    for (const path of pathsBelow(join(TEMPLATES, folder))) {
      const target = targetOf(path, request);
      if (target !== undefined) files.set(target, fill(readFileSync(join(TEMPLATES, folder, path), 'utf8'), request));
    }
  }
  const manifest = manifestOf(request, [...files.keys()]);
  files.set('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where a file of a template goes; undefined when the other language alone has it. */
function targetOf(path: string, { language }: PluginRequest): string | undefined {
  const typed = language === 'ts';
  if (path.startsWith('tsconfig')) return typed ? path : undefined;
  if (path.startsWith('src/')) return typed ? path : undefined;
  if (path.startsWith('js/')) return typed ? undefined : path.replace('js/', 'src/');
  if (path.startsWith('test/')) return typed ? path : path.replace(/\.ts$/, '.js');
  return RENAMED[path] ?? path;
}

/** Writes the author's name for `my-plugin`, in each of its spellings, and the module that the language has. */
function fill(text: string, { name, language }: PluginRequest): string {
  const pascal = name.replace(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
  const camel = pascal.charAt(0).toLowerCase() + pascal.slice(1);
  const named = text.replaceAll('my-plugin', name).replaceAll('MyPlugin', pascal).replaceAll('myPlugin', camel);
  return language === 'ts' ? named : named.replaceAll('./dist/index.js', './src/index.js');
}

function pathsBelow(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    return entry.isDirectory() ? pathsBelow(folder, path) : [path];
  });
}
