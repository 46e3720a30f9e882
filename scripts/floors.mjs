// The rules of the floors, as a step of `npm test`.
//
//   node scripts/floors.mjs [TREE]     TREE is the workspace's root; default: this one
import path from 'node:path';
import { findingsIn } from './floor-rules.mjs';
import { root } from './workspace.mjs';

const findings = findingsIn(path.resolve(process.argv[2] ?? root));
for (const { place, wrong, mend } of findings) console.error(`${place}: ${wrong}; mend: ${mend}`);
if (findings.length > 0) process.exitCode = 1;
else console.log('floors: nobody knows too much');
