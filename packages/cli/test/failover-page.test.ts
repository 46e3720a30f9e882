import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeHost, Host, type WrittenHostConfig } from '@fairlead/core';
import type { MemoryNic } from '@fairlead/nic-driver-memory';
import { quantity } from '@fairlead/sdk';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openControl } from '../src/control/server.ts';
import { createProgram } from '../src/program.ts';
import { WrittenLines } from './written-lines.ts';

/*
 * docs/failover.md is held to be true: its commands are run in order on its host, with what its comments say in between
 * (`run 1s`, `down up0`, `up up0`), and print what it shows. `FAIRLEAD_WRITE_PAGES=1` writes what they print into it.
 */
const page = new URL('../../../docs/failover.md', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'fairlead-page-'));
const control = join(folder, 'c.sock');
afterAll(() => rmSync(folder, { recursive: true }));

const STEP = /^<!-- (\w+) (\w+) -->$|^```console\n\$ fairlead (.*)\n([\s\S]*?)^```$/gm;

async function printed(command: string): Promise<string> {
  const output = new WrittenLines();
  const program = createProgram(output, undefined, () => undefined);
  await program.parseAsync([...command.split(' '), '--control', control], { from: 'user' });
  return output.printed.map((line) => `${line.trimEnd()}\n`).join('');
}

/** While it is asked to trace, and at no other time, the virtual clock goes on: by as much every time. */
function runWhenTraced(host: Host): void {
  const trace = host.trace.bind(host);
  host.trace = (vm, options) => {
    const found = trace(vm, options);
    host.run(20_000);
    return found;
  };
}

function act(host: Host, verb: string, what: string): void {
  if (verb === 'run') host.run(quantity(what, 'us', page.pathname));
  else host.nics.driver<MemoryNic>(what).setLink(verb === 'up');
}

it('docs/failover.md shows what its commands print', { timeout: 60_000 }, async () => {
  const text = readFileSync(page, 'utf8');
  const yaml = /^```yaml [^\n]*\n([\s\S]*?)^```$/m.exec(text)?.[1] ?? '';
  const written = { ...(parse(yaml) as WrittenHostConfig), runtime: { kind: 'inline' as const } };
  const composition = await composeHost(written, { bases: [import.meta.url] });
  const host = await new Host(composition).start();
  runWhenTraced(host);
  const socket = await openControl(control, { host, composition, name: 'failover.host.yaml' });
  const real: string[] = [];
  const shown: string[] = [];
  for (const [, verb, what, command, output] of text.matchAll(STEP)) {
    if (command === undefined) act(host, verb as string, what as string);
    else {
      const lines = await printed(command);
      shown.push(`$ fairlead ${command}\n${output}`);
      real.push(`$ fairlead ${command}\n${lines}`);
    }
  }
  host.assertConserved();
  await socket.close();
  await host.close();
  if (process.env['FAIRLEAD_WRITE_PAGES'] === '1') {
    let at = 0;
    writeFileSync(
      page,
      text.replaceAll(/^```console\n[\s\S]*?^```$/gm, () => `\`\`\`console\n${real[at++]}\`\`\``),
    );
    return;
  }
  expect(shown.length).toBeGreaterThan(8);
  expect(shown).toEqual(real);
});
