// The locked dependencies, installed when they are not, with pnpm at the version that package.json pins.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { environmentWithoutNpm, runQuietly } from './process.mjs';
import { root, workspacePackages } from './workspace.mjs';

const stamp = path.join(root, 'node_modules/.fairlead-lock');

/** Changes whenever an install could have something to do. */
function wantedState() {
  const hash = createHash('sha256');
  const manifests = workspacePackages().map((one) => `${one.dir}/package.json`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/**
 * The command that runs the pinned pnpm: the one on the PATH if it is that version, else npm fetches it.
 * @returns {{ command: string, args: string[], pinned: string }}
 */
export function pnpm() {
  const { packageManager } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const pinned = packageManager.replace('pnpm@', '');
  // Asked outside the workspace: inside, pnpm would fetch the pinned version itself before answering.
  const found = spawnSync('pnpm', ['--version'], {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: { ...environmentWithoutNpm(), COREPACK_ENABLE_NETWORK: '0' },
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 10_000,
  });
  if (found.status === 0 && found.stdout.trim() === pinned) return { command: 'pnpm', args: [], pinned };
  return { command: 'npx', args: ['--yes', '--loglevel=error', `pnpm@${pinned}`], pinned };
}

/** Installs what pnpm-lock.yaml says, once for each state of it; ends the process if that fails. */
export async function install() {
  const state = wantedState();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return;

  const { command, args, pinned } = pnpm();
  console.error(`fairlead: installing the locked dependencies with pnpm ${pinned} …`);
  // CI=true: nobody is there to answer pnpm's questions.
  const env = { ...environmentWithoutNpm(), CI: 'true' };
  const { code, output } = await runQuietly(command, [...args, 'install', '--frozen-lockfile'], { env });
  if (code !== 0) {
    if (output.includes('ERR_PNPM_OUTDATED_LOCKFILE')) {
      console.error(`fairlead: a package.json and pnpm-lock.yaml differ. Mend: npx pnpm@${pinned} install`);
    } else {
      console.error('fairlead: the install failed; a first run needs the network to reach the package registry.');
    }
    process.exit(code);
  }
  writeFileSync(stamp, state);
}
