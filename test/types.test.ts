import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/*
 * test/types/*.test-d.ts say which programs must not compile. Here: that they are refused for the reason that stands
 * beside them, in words that their author understands.
 */
const folder = fileURLToPath(new URL('types/', import.meta.url));
const base = fileURLToPath(new URL('../tsconfig.base.json', import.meta.url));

/** What the compiler says when the `@ts-expect-error` comments are not heeded: by comment, or by place without one. */
function refusals(): Map<string, string> {
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(base, ts.sys.readFile).config, ts.sys, folder, {
    noEmit: true,
    composite: false,
    skipLibCheck: true,
  });
  delete options.tsBuildInfoFile;
  const host = ts.createCompilerHost(options);
  const read = host.readFile.bind(host);
  host.readFile = (file) => {
    const text = read(file);
    return file.endsWith('.test-d.ts') ? text?.replaceAll('@ts-expect-error', 'expected:') : text;
  };
  const files = readdirSync(folder).filter((file) => file.endsWith('.test-d.ts'));
  const program = ts.createProgram(
    files.map((file) => path.join(folder, file)),
    options,
    host,
  );
  const found = new Map<string, string>();
  for (const { file, start = 0, messageText } of ts.getPreEmitDiagnostics(program)) {
    const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
    const comment = /\/\/ expected: (.*)$/.exec(file?.text.split('\n')[line - 1] ?? '');
    found.set(comment?.[1] ?? `${file?.fileName}:${line + 1}`, ts.flattenDiagnosticMessageText(messageText, '\n'));
  }
  return found;
}

describe('a program that is wrong', () => {
  const found = refusals();

  it.each([
    ['the interface is missing, options and all', 'Expected 2 arguments, but got 1.'],
    ['the interface is missing among the options', "Property 'interface' is missing"],
    ['there is no such option', "Did you mean to write 'batch'?"],
    ['there is no such option of the traffic', "'rate' does not exist"],
    ['a rate is not written in bytes', '`${number}Gbps`'],
    ['limits are rates', '`${number}Gbps`'],
    ['one of the choices', '"queue" | "police"'],
    ['a tariff without its limit', "Property 'limitBps' is missing"],
    ['a load distribution does not admit', `'"load-distribution"' is not assignable to type '"admission"'`],
    ['the table of the VMs is not one of NICs', 'TokenMismatch<VmTable, NicTable>'],
    ['a kernel is not async', "'Promise<undefined>' is not assignable to type 'undefined'"],
    ['a load distribution has no `admit`', "Property 'admit' is missing in type 'Fits'"],
  ])('is refused by the compiler: %s', (comment, message) => {
    expect(found.get(comment)).toContain(message);
  });

  it('is refused nowhere but where a comment says so', () => {
    expect([...found].filter(([place]) => place.includes('.test-d.ts'))).toEqual([]);
  });
});
