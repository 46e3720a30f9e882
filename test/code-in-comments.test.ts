import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compile, root, workshop } from './pages/compile.ts';

/*
 * Every `@example` in the sources of packages and plugins is a module that compiles, imports included. An example of a
 * class's member may use what is given here without making it.
 * `node scripts/documented.mjs` says which public symbol lacks an example.
 */
const GIVEN: Readonly<Record<string, string>> = {
  host: "declare const host: import('@fairlead/core').Host;",
  builder: "declare const builder: import('@fairlead/core').HostBuilder;",
  nics: "declare const nics: import('@fairlead/sdk').NicTable;",
  vms: "declare const vms: import('@fairlead/sdk').VmTable;",
  batch: "declare const batch: import('@fairlead/sdk').TransmitBatch;",
};
const EXAMPLE = /^ *\* @example\n((?: *\*(?: .*)?\n)*)/gm;
const CODE = /^```ts\n([\s\S]*?)^```$/m;

/** The examples of a file's comments, by the line on which their code begins. */
function examplesOf(text: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const match of text.matchAll(EXAMPLE)) {
    const comment = (match[1] ?? '').replace(/^ *\* ?/gm, '');
    const code = CODE.exec(comment);
    const line = text.slice(0, match.index).split('\n').length + 2;
    found.set(line, code?.[1] ?? 'there is no code in this example');
  }
  return found;
}

/** An example as a module: what it uses without making it is given to it. Its own lines keep their numbers. */
function moduleOf(code: string): string {
  const given = Object.entries(GIVEN).filter(
    ([name]) =>
      new RegExp(`\\b${name}\\b`).test(code) && !new RegExp(`(const|let) ${name}\\b|[(,] *${name}[:,)]`).test(code),
  );
  return `${given.map(([, declaration]) => declaration).join(' ')} ${code}`;
}

const examples = new Map<string, string>();
for (const floor of ['packages', 'plugins']) {
  for (const name of readdirSync(path.join(root, floor)).sort()) {
    for (const file of readdirSync(path.join(root, floor, name, 'src'), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const text = readFileSync(path.join(root, floor, name, 'src', file), 'utf8');
      const place = `${name}/${file.replaceAll('\\', '/').replace(/\.ts$/, '')}`.replaceAll('/', '_');
      for (const [line, code] of examplesOf(text)) examples.set(`${place}_${line}.ts`, moduleOf(code));
    }
  }
}

describe('the examples in the comments', () => {
  afterAll(() => rmSync(path.join(workshop, 'comments'), { recursive: true, force: true }));

  it('compile', { timeout: 120_000 }, () => {
    expect(compile(path.join(workshop, 'comments'), examples)).toEqual([]);
  });

  it('are found, with their lines', () => {
    const text = [
      '/**',
      ' * Adds.',
      ' *',
      ' * @example',
      ' * ```ts',
      ' * add(1, 2);',
      ' *',
      ' * add(3);',
      ' * ```',
      ' */',
    ];
    expect([...examplesOf(`${text.join('\n')}\n`)]).toEqual([[6, 'add(1, 2);\n\nadd(3);\n']]);
  });

  it('have code', () => {
    expect([...examplesOf('/**\n * @example\n * Just add.\n */\n').values()]).toEqual([
      'there is no code in this example',
    ]);
  });
});
