#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  console.error('create-plugin: not built yet. Run `npm run build` at the root of the workspace, then try again.');
  process.exitCode = 1;
}
