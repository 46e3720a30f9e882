import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('../..', import.meta.url));
// Below test/, so that the packages of the workspace are found by name.
export const workshop = path.join(root, 'test/out/docs');

const parsed = new Map<string, ts.SourceFile>();

/** A compiler host that reads each declaration file once for all pages, which is most of the work. */
function hostWithCache(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...how) => {
    const known = parsed.get(file) ?? read(file, ...how);
    if (known !== undefined && file.endsWith('.d.ts')) parsed.set(file, known);
    return known;
  };
  return host;
}

/** Writes files into a folder of their own, by path, and compiles them; returns what the compiler says, a line each. */
export function compile(folder: string, files: ReadonlyMap<string, string>): string[] {
  rmSync(folder, { recursive: true, force: true });
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  write('package.json', '{ "type": "module" }');
  const compilerOptions = { rootDir: '.', outDir: 'dist', composite: false, incremental: false, noUnusedLocals: false };
  write(
    'tsconfig.json',
    JSON.stringify({
      extends: path.join(root, 'tsconfig.base.json'),
      compilerOptions,
      include: ['**/*.ts'],
      exclude: ['dist'],
    }),
  );
  for (const [file, text] of files) write(file, text);
  const config = ts.getParsedCommandLineOfConfigFile(path.join(folder, 'tsconfig.json'), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, ' '));
    },
  });
  if (config === undefined || config.fileNames.length === 0) return [];
  // Declarations of packages are the packages' business; their own build has checked them.
  const options = { ...config.options, skipLibCheck: true };
  const program = ts.createProgram(config.fileNames, options, hostWithCache(options));
  const { diagnostics } = program.emit();
  return [...config.errors, ...ts.getPreEmitDiagnostics(program), ...diagnostics].map((diagnostic) => {
    const { file, start = 0, messageText } = diagnostic;
    const place =
      file === undefined
        ? 'tsconfig.json'
        : `${path.basename(file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1}`;
    return `${place}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
