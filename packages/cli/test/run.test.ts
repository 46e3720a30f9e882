import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Account, hostFrom, type WrittenHostConfig } from '@fairlead/core';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DEMO_FILE } from '../src/commands/demo.ts';
import { run } from '../src/commands/run.ts';
import { listen } from '../src/live/events.ts';
import { toggleNic } from '../src/live/nic-switch.ts';
import { WrittenLines } from './written-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-run-'));
afterAll(() => rmSync(folder, { recursive: true }));
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

const host = `
nics:
  - { name: up0, driver: { use: memory, options: { speedBps: 1Gbps, echo: true } } }
vms:
  - { name: a, mac: "52:54:00:00:00:01", device: { use: memory, options: { traffic: { rateBps: 5Mbps } } } }
`;
function fileWith(text: string): string {
  const file = join(folder, 'host.yaml');
  writeFileSync(file, text);
  return file;
}

describe('fairlead run', () => {
  it('runs a host for a time, then says where every frame went', async () => {
    const output = new WrittenLines();
    expect(await run(fileWith(host), { forMs: 200, json: true }, output)).toBe(0);
    const [first, last] = [output.objects[0], output.objects.at(-1)];
    expect(first).toMatchObject({ type: 'start', about: expect.stringContaining('1 NIC, 1 VM') as string });
    expect(last).toMatchObject({ type: 'end', cause: 'time', conserved: true });
    const outbound = (last?.['accounts'] as Account[] | undefined)?.find(({ subject }) => subject === 'vm a outbound');
    expect(outbound?.accepted).toBeGreaterThan(0);
  });

  it('prints a table and the verdict for people', async () => {
    const output = new WrittenLines();
    expect(await run(fileWith(host), { forMs: 100 }, output)).toBe(0);
    expect(output.printed[0]).toMatch(/^fairlead run .*host\.yaml: 1 NIC, 1 VM/);
    expect(output.printed.some((line) => /^frames +accepted +transmitted +queued +dropped +missing$/.test(line))).toBe(
      true,
    );
    expect(output.printed.at(-1)).toBe(
      'conserved: every frame accounted for (accepted = transmitted + queued + dropped)',
    );
  });

  it('refuses the inline runtime, which has no real time', async () => {
    const output = new WrittenLines();
    expect(await run(fileWith(`${host}runtime:\n  kind: inline\n`), { forMs: 100 }, output)).toBe(1);
    expect(output.told.slice(0, 2)).toEqual([
      'error: the inline runtime has a virtual clock, and run is on real time',
      `  at ${join(folder, 'host.yaml')}:7:3 runtime.kind`,
    ]);
  });

  it('names the line of a part that cannot be opened, and closes the rest', async () => {
    const output = new WrittenLines();
    const path = join(folder, 'no', 'such', 'folder', 'a.sock');
    const text = `${host}  - name: b\n    mac: "52:54:00:00:00:02"\n    device: { use: qemu-stream, options: { path: ${path} } }\n`;
    expect(await run(fileWith(text), { forMs: 100 }, output)).toBe(1);
    expect(output.told[0]).toContain('no socket can be made');
    expect(output.told[1]).toBe(`  at ${join(folder, 'host.yaml')}:8:5 vms[1].device`);
    expect(output.told[2]).toBe('  plugin: device-emulator qemu-stream');
  });

  it('tells of a plugin that fails, found beside the file, and what serves in its place', async () => {
    const sdk = import.meta.resolve('@fairlead/sdk');
    writeFileSync(
      join(folder, 'throws.mjs'),
      `import { definePlugin, Type } from ${JSON.stringify(sdk)};
      class Throws { select() { throw new Error('no idea'); } }
      export default definePlugin({ kind: 'load-distribution', name: 'throws', apiVersion: 1, options: Type.Object({}), implementation: Throws });`,
    );
    const output = new WrittenLines();
    const file = fileWith(`${host}distribution: { use: ./throws.mjs, fallback: { use: round-robin } }\n`);
    expect(await run(file, { forMs: 300, json: true }, output)).toBe(0);
    const faults = output.objects.filter(({ event }) => event === 'fault');
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ type: 'event', grave: true });
    expect(faults[0]?.['text']).toMatch(
      /^plugin throws failed in select\(\) for VM a at \d+ frames of \d+ bytes and was put aside; round-robin serves: .*no idea/,
    );
    expect(output.objects.at(-1)).toMatchObject({ type: 'end', conserved: true });
  });

  it('ends with 1 and says which plugin failed, where its place says fail: stop', async () => {
    const sdk = import.meta.resolve('@fairlead/sdk');
    writeFileSync(
      join(folder, 'gives-up.mjs'),
      `import { definePlugin, Type } from ${JSON.stringify(sdk)};
      class GivesUp { admit() { throw new Error('no idea'); } }
      export default definePlugin({ kind: 'admission', name: 'gives-up', apiVersion: 1, options: Type.Object({}), implementation: GivesUp });`,
    );
    const file = fileWith(`${host}admission: { use: ./gives-up.mjs, fail: stop }\n`);
    const child = spawn(process.execPath, [main, 'run', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [said, told] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      told += chunk;
    });
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    expect(told).toMatch(/^error: .*gives-up.*$/m);
    expect(told).toContain('no idea');
    expect(told).toContain('[FAIRLEAD_ERR_HOST_STOPPED]');
    expect(said).toContain('conserved: every frame accounted for');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends cleanly on %s', async (signal) => {
    const child = spawn(process.execPath, [main, 'run', fileWith(host), '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (lines.length === 1) child.kill(signal);
    }
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
    expect(JSON.parse(lines.at(-1) as string)).toMatchObject({ type: 'end', cause: signal, conserved: true });
  });

  it('ends when nobody reads what it prints any more', async () => {
    const child = spawn(process.execPath, [main, 'run', fileWith(host), '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  });
});

describe('the command line', () => {
  const command = async (...words: string[]): Promise<{ code: number; out: string; err: string }> => {
    const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, ...texts };
  };

  it('has a version and a help that names every command', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect((await command('--version')).out).toBe(`${version}\n`);
    const { code, out } = await command('--help');
    expect(code).toBe(0);
    for (const name of ['demo', 'check', 'run', 'replay', 'schema'])
      expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  });

  it('says what is wrong without a stack trace, and with one under --debug', async () => {
    const plain = await command('run', fileWith(host), '--for', 'ever');
    expect(plain.code).toBe(1);
    expect(plain.err.split('\n').slice(0, 2)).toEqual(['error: "ever" is not a quantity in ms', '  at --for']);
    expect(plain.err).not.toContain('node:internal');
    expect((await command('--debug', 'run', fileWith(host), '--for', 'ever')).err).toMatch(/\n {4}at /);
  });

  it('ends with 2 when it is used wrongly', async () => {
    expect((await command('fly')).code).toBe(2);
    expect((await command('check')).code).toBe(2);
  });
});

const isMany = (frames: number): boolean => frames > 100;

describe('the demo', () => {
  it('makes its policies visible: shaped VMs below what they want, every NIC at work, all by their speeds', async () => {
    const written = parse(readFileSync(DEMO_FILE, 'utf8')) as WrittenHostConfig;
    const demo = await hostFrom({ ...written, runtime: { kind: 'inline' } }, [import.meta.url]);
    await demo.start();
    demo.run(1e6);
    const before = [...demo.vms.list().map((vm) => vm.transmittedBytes), ...demo.nics.list().map((nic) => nic.txBytes)];
    demo.run(4e6);
    const after = [...demo.vms.list().map((vm) => vm.transmittedBytes), ...demo.nics.list().map((nic) => nic.txBytes)];
    demo.assertConserved();
    await demo.close();
    const [web, db, backup, voice, slow, middle, fast] = after.map(
      (bytes, i) => ((bytes - (before[i] as number)) * 8) / 4e6,
    ) as [number, number, number, number, number, number, number];
    // web and voice get what they want; db and backup what they may have.
    expect(web).toBeGreaterThan(47);
    expect(web).toBeLessThan(53);
    expect(voice).toBeCloseTo(10, 0);
    expect(db).toBeCloseTo(65, 0);
    expect(backup).toBeCloseTo(40, 0);
    // More than the fastest NIC carries, so it cannot be alone.
    expect(web + db + backup + voice).toBeGreaterThan(100);
    for (const [mbps, speed] of [
      [slow, 25],
      [middle, 50],
      [fast, 100],
    ] as const) {
      expect(mbps / speed).toBeGreaterThan(0.5);
      expect(mbps / speed).toBeLessThan(1.001);
    }
  });

  it('fails over when the cable of a NIC is pulled, and back when it is plugged in', async () => {
    const written = parse(readFileSync(DEMO_FILE, 'utf8')) as WrittenHostConfig;
    const demo = await hostFrom({ ...written, runtime: { kind: 'inline' } }, [import.meta.url]);
    const heard: string[] = [];
    await demo.start();
    listen(demo, ({ text }) => heard.push(text));
    const framesIn = (us: number): number[] => {
      const before = demo.nics.list().map((nic) => nic.txFrames);
      demo.run(us);
      return demo.nics.list().map((nic, i) => nic.txFrames - (before[i] as number));
    };
    demo.run(500_000);
    toggleNic(demo, 2);
    demo.run(20_000);
    expect(framesIn(500_000)).toEqual([expect.toSatisfy(isMany), expect.toSatisfy(isMany), 0]);
    toggleNic(demo, 2);
    demo.run(20_000);
    expect(framesIn(500_000)).toEqual([expect.toSatisfy(isMany), expect.toSatisfy(isMany), expect.toSatisfy(isMany)]);
    demo.assertConserved();
    await demo.close();
    expect(heard).toEqual([
      'team team goes over slow, middle in place of slow, middle, fast (fast: link down)',
      'NIC fast is down: link down',
      'team team goes over slow, middle, fast in place of slow, middle (fast: link up)',
      'NIC fast is up: link up',
    ]);
  });
});
