import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pnpm } from '../../../scripts/install.mjs';
import { succeed } from './program.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Tools of the packages that the scaffold writes: installed once here, beside Fairlead, for all of them. */
const TOOLS = ['@types/node', 'oxlint', 'typescript', 'vitest'];

/** An empty folder outside of the workspace, in which the packages are installed as published ones would be. */
export class Workshop {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'fairlead-packed-'));
  /** Where the packed packages are. */
  readonly tarballs = path.join(this.folder, 'tarballs');

  /** Packs every package that is published; returns the files. */
  async pack(): Promise<readonly string[]> {
    const { command, args } = pnpm();
    const published = ['--filter', './packages/*', '--filter', './plugins/*'];
    mkdirSync(this.tarballs);
    await succeed(command, [...args, '--recursive', ...published, 'pack', '--pack-destination', this.tarballs], root);
    return readdirSync(this.tarballs).map((file) => path.join(this.tarballs, file));
  }

  /** Installs packed packages, and the tools, with npm alone. */
  async install(tarballs: readonly string[]): Promise<void> {
    const { devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      devDependencies: Readonly<Record<string, string>>;
    };
    const tools = TOOLS.map((name) => `${name}@${devDependencies[name]}`);
    writeFileSync(path.join(this.folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    await this.npm('install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs, ...tools);
  }

  npm(...args: string[]): Promise<string> {
    return succeed('npm', args, this.folder);
  }

  /** Runs the command that was installed. */
  fairlead(...args: string[]): Promise<string> {
    return succeed('npx', ['--no-install', 'fairlead', ...args], this.folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
