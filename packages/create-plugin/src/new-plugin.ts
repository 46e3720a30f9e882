import { relative } from 'node:path';
import { askFor, type Terminal } from './questions.ts';
import { pluginRequest, type WrittenRequest } from './request.ts';
import { writePlugin } from './write.ts';

/** Where lines of results go. */
export interface Lines {
  /** Prints one line. */
  print(line: string): void;
}

/**
 * `fairlead plugin new` and `npm create @fairlead/plugin`: asks for what was not said where there is a terminal, writes
 * the package, and says what to do next.
 *
 * @throws FairleadError `FAIRLEAD_ERR_SCAFFOLD_REQUEST` or `_FOLDER`; nothing was written then.
 * @example
 * ```ts
 * import { type Lines, newPlugin, type Terminal, type WrittenRequest } from '@fairlead/create-plugin';
 *
 * const request: WrittenRequest = { kind: 'admission', name: 'frame-budget' };
 * const terminal: Terminal | undefined = undefined; // nobody to ask
 * const output: Lines = { print: console.log };
 * await newPlugin(request, terminal, output);
 * ```
 */
export async function newPlugin(written: WrittenRequest, terminal: Terminal | undefined, output: Lines): Promise<void> {
  const request = pluginRequest(terminal === undefined ? written : await askFor(written, terminal));
  const files = writePlugin(request);
  const { kind, name, language, folder } = request;
  const place = relative('.', folder) || '.';
  const scripts = ['npm install', 'npm run build', 'npm test', 'npm run lint', 'npm run check'];
  if (files.includes('scenario.yaml')) scripts.push('npm run simulate');
  output.print(`${kind} plugin "${name}" in ${language === 'ts' ? 'TypeScript' : 'plain JavaScript'}: ${place}`);
  for (const path of files) output.print(`  ${path}`);
  output.print('next:');
  for (const line of place === '.' ? scripts : [`cd ${place}`, ...scripts]) output.print(`  ${line}`);
}
