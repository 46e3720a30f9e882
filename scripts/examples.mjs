// Runs every example as its reader would, from the built file: `examples/NN-name.ts` must end by itself, in time, with
// exit code 0. Every host file among the examples must pass `fairlead check`, and the beginning of every scenario in
// `examples/scenarios` is simulated.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { runQuietly } from './process.mjs';
import { root } from './workspace.mjs';

const limitMs = 60_000;
let failures = 0;

/**
 * @param {string} title
 * @param {string[]} args
 */
async function mustSucceed(title, args) {
  const { code } = await runQuietly(process.execPath, args, { limitMs });
  if (code === 0) {
    console.log(`ok      ${title}`);
    return;
  }
  failures += 1;
  console.log(`failed  ${title}: ${code === 137 ? `still running after ${limitMs / 1000} s` : `exit code ${code}`}`);
}

const examples = readdirSync(path.join(root, 'examples')).filter((file) => /^\d\d-.*(?<!\.test)\.ts$/.test(file));
for (const file of examples.sort()) await mustSucceed(file, [`examples/dist/${file.replace(/ts$/, 'js')}`]);

const files = readdirSync(path.join(root, 'examples'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.ya?ml$/.test(file) && !/(^|[\\/])(node_modules|dist|out)[\\/]/.test(file))
  .sort();
const scenarios = files.filter((file) => /^scenarios[\\/]/.test(file));
// A scenario of very many hosts is too large to be tried each time: the page on simulation says what it costs.
const hosts = files.filter((file) => !scenarios.includes(file) && !/^cluster[\\/]/.test(file));
for (const file of hosts) {
  await mustSucceed(`fairlead check ${file}`, ['packages/cli/bin/fairlead.mjs', 'check', path.join('examples', file)]);
}

for (const file of scenarios) {
  const args = ['simulate', path.join('examples', file), '--for', '1s'];
  await mustSucceed(`fairlead simulate ${file} --for 1s`, ['packages/cli/bin/fairlead.mjs', ...args]);
}

if (examples.length + files.length === 0) {
  failures += 1;
  console.log('failed  there is no example to run');
}
process.exitCode = failures === 0 ? 0 : 1;
