import { fileURLToPath } from 'node:url';
import type { Output } from '../output.ts';
import { type RunOptions, run } from './run.ts';

/** The demo's host, a configuration file like any other. */
export const DEMO_FILE = fileURLToPath(new URL('../../demo.yaml', import.meta.url));

/** `fairlead demo`: runs the host of `demo.yaml`, with keys that pull the cables of its NICs. */
export function demo(options: RunOptions, output: Output): Promise<number> {
  return run(DEMO_FILE, { ...options, title: 'fairlead demo', nicKeys: true }, output);
}
