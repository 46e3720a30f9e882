import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { check } from '../src/commands/check.ts';
import { WrittenLines } from './written-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-check-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'host.yaml');

async function checked(text: string | Uint8Array, json = false): Promise<{ code: number; output: WrittenLines }> {
  writeFileSync(file, text);
  const output = new WrittenLines();
  return { code: await check(file, { json }, output), output };
}

/** What `check` says of a file, with the folder left out. */
async function saidOf(text: string | Uint8Array): Promise<string> {
  const { code, output } = await checked(text);
  expect(code).toBe(1);
  expect(output.printed).toEqual([]);
  return output.told.join('\n').replaceAll(`${folder}/`, '');
}

const vms = 'vms:\n  - { name: a, mac: "52:54:00:00:00:01", device: { use: memory } }\n';
const nics = 'nics:\n  - { name: up0, driver: { use: memory } }\n';

describe('fairlead check of a host that is right', () => {
  it('says ok and sums the host up in a line', async () => {
    const { code, output } = await checked(
      `${nics}  - { name: up1, role: standby, driver: { use: memory } }\n${vms}admission: { use: shaping-filter }\n`,
    );
    expect(code).toBe(0);
    expect(output.told).toEqual([]);
    expect(output.printed).toEqual([
      `${file}: ok: 2 NICs (1 not active), 1 VM, admission shaping-filter, distribution first-available, 1 worker`,
    ]);
  });

  it('gives programs the same as JSON', async () => {
    const { output } = await checked(nics + vms, true);
    expect(output.objects).toEqual([
      {
        file,
        ok: true,
        summary: {
          nics: 1,
          spare: 0,
          vms: 1,
          admission: ['none'],
          distribution: ['first-available'],
          runtime: '1 worker',
        },
        errors: [],
      },
    ]);
  });

  it('takes quantities with units, anchors and merging by alias', async () => {
    const { code } = await checked(
      `${nics}vms:\n  - { name: a, mac: "52:54:00:00:00:01", device: &dev { use: memory }, bandwidth: { limitBps: 1.5Gbps, burstBytes: 64KiB } }\n` +
        '  - { name: b, mac: "52:54:00:00:00:02", device: *dev }\nmonitor: { linkPollMs: 20ms }\n',
    );
    expect(code).toBe(0);
  });
});

/** Files that are wrong, and all that is said of each. */
const wrong: Record<string, [text: string, said: string]> = {
  'a key that does not exist': [
    `${nics}${vms}admision: { use: shaping-filter }\n`,
    `error: there is no "admision" here
  at host.yaml:5:1 admision
  mend: did you mean "admission"?
  [FAIRLEAD_ERR_CONFIG_INVALID]
host.yaml: 1 error`,
  ],
  "an option that a plugin doesn't have, deep in a flow map": [
    `nics:\n  - name: up0\n    driver: { use: memory, options: { spedBps: 1Gbps } }\n${vms}`,
    `error: nic-driver plugin "memory": there is no "spedBps" here
  at host.yaml:3:39 nics[0].driver.options.spedBps
  plugin: nic-driver memory
  mend: did you mean "speedBps"?
  [FAIRLEAD_ERR_PLUGIN_OPTIONS]
host.yaml: 1 error`,
  ],
  'a key that is missing, at its parent': [
    `${vms}nics:\n  - name: up0\n`,
    `error: "driver" is missing
  at host.yaml:4:5 nics[0].driver
  plugin: nic-driver
  mend: add "driver"
  [FAIRLEAD_ERR_CONFIG_INVALID]
host.yaml: 1 error`,
  ],
  'a unit that no rate has': [
    `${nics}vms:\n  - name: a\n    mac: "52:54:00:00:00:01"\n    device: { use: memory }\n    bandwidth:\n      limitBps: 200MB\n`,
    `error: "200MB" is not a quantity in bps
  at host.yaml:8:7 vms[0].bandwidth.limitBps
  mend: write a number with one of bps, kbps, mbps, gbps, tbps, as 200Mbps
  [FAIRLEAD_ERR_UNIT]
host.yaml: 1 error`,
  ],
  'a plugin that does not exist': [
    `nics:\n  - name: up0\n    driver:\n      use: memroy\n${vms}`,
    `error: there is no nic-driver plugin "memroy"
  at host.yaml:4:7 nics[0].driver.use
  plugin: nic-driver memroy
  mend: did you mean "memory"?
  [FAIRLEAD_ERR_PLUGIN_NOT_FOUND]
host.yaml: 1 error`,
  ],
  'a plugin of another kind, by the name of its package': [
    `nics:\n  - { name: up0, driver: { use: "@fairlead/device-emulator-memory" } }\n${vms}`,
    `error: "@fairlead/device-emulator-memory" is a device-emulator plugin, not a nic-driver plugin
  at host.yaml:2:28 nics[0].driver.use
  plugin: nic-driver @fairlead/device-emulator-memory
  mend: use it under its own kind, or name a nic-driver plugin here
  [FAIRLEAD_ERR_PLUGIN_KIND]
host.yaml: 1 error`,
  ],
  'a pin to a NIC that the host does not have, which only the plugin knows': [
    `${nics}${vms}distribution:\n  use: vm-affinity\n  options:\n    pins:\n      a: [up0, up9]\n`,
    `error: no NIC is called "up9"
  at host.yaml:9:16 distribution.options.pins.a[1]
  plugin: load-distribution vm-affinity
  mend: use one of up0
  [FAIRLEAD_ERR_CONFIG_NAME]
host.yaml: 1 error`,
  ],
  'a ring whose size is no power of two': [
    `${nics}${vms}memory:\n  nicRingFrames: 1000\n`,
    `error: nicRingFrames is 1000
  at host.yaml:6:3 memory.nicRingFrames
  mend: choose a power of two from 64 to 65536
  [FAIRLEAD_ERR_MEMORY_LAYOUT]
host.yaml: 1 error`,
  ],
  'a chain on attacks of a host that looks for none': [
    `${nics}${vms}signals:\n  - on: attack\n    responders: [{ use: suspend }]\n`,
    `error: nobody raises attack: the host has no detectors
  at host.yaml:6:5 signals[0].on
  mend: add detectors: [{ use: volume }]
  [FAIRLEAD_ERR_CONFIG_NAME]
host.yaml: 1 error`,
  ],
  'two NICs of one name': [
    `${nics}  - { name: up0, driver: { use: memory } }\n${vms}`,
    `error: "up0" is the name of nics[0].name already
  at host.yaml:3:7 nics[1].name
  mend: give each its own name
  [FAIRLEAD_ERR_CONFIG_NAME]
host.yaml: 1 error`,
  ],
  'every fault of several, in the order of the file': [
    'nics:\n  - { name: up0, driver: { use: memory, options: { loss: 2 } } }\nvms:\n  - { name: a, mac: "52:54:00:00:00:01", device: { use: memory }, start: maybe }\nseed: -1\n',
    `error: nic-driver plugin "memory": 2 must be <= 1
  at host.yaml:2:52 nics[0].driver.options.loss
  plugin: nic-driver memory
  mend: it is: Probability that the wire loses a frame, each way.
  [FAIRLEAD_ERR_PLUGIN_OPTIONS]
error: "maybe" must be boolean
  at host.yaml:4:67 vms[0].start
  mend: it is: whether it runs when the host starts
  [FAIRLEAD_ERR_CONFIG_INVALID]
error: -1 must be >= 0
  at host.yaml:5:1 seed
  mend: it is: seed of every random choice
  [FAIRLEAD_ERR_CONFIG_INVALID]
host.yaml: 3 errors`,
  ],
};

describe('fairlead check names file, line, column, path, plugin, mend and code of', () => {
  it.each(Object.entries(wrong))('%s', async (_, [text, said]) => {
    expect(await saidOf(text)).toBe(said);
  });
});

/** Files that are no YAML, or not one that may be read: the first two lines say what and where. */
const unreadable: Record<string, [text: string | Uint8Array, what: string, place: string]> = {
  'a key that is written twice': [`${nics}${vms}seed: 1\nseed: 2\n`, '"seed" is written twice', 'host.yaml:6:1'],
  'a bracket that is never closed': [
    'nics: [\nvms: 1\n',
    'Flow sequence in block collection must be sufficiently indented and end with a ]',
    'host.yaml:2:1',
  ],
  'a tab that indents': ['nics:\n\t- a\n', 'Tabs are not allowed as indentation', 'host.yaml:2:1'],
  'an alias of nothing': ['nics: *none\n', 'nothing before this has the anchor &none', 'host.yaml:1:7'],
  'a tag': ['nics: !include x.yaml\n', 'Unresolved tag: !include', 'host.yaml:1:7'],
  'two documents': ['--- {}\n--- {}\n', 'the file holds more than one document', 'host.yaml:2:1'],
  'an empty file': ['', 'the file is empty', 'host.yaml:1:1'],
  'a list': ['- 1\n', 'the file does not hold an object', 'host.yaml:1:1'],
  'an alias that contains itself': ['nics: &all [*all]\n', 'the file is nested deeper than 64 levels', 'host.yaml:1:1'],
  'ten thousand brackets': ['['.repeat(10_000), 'the file is nested too deeply', 'host.yaml:1:'],
  'a few lines that expand to gigabytes': [
    `a0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]\n`).join('')}`,
    'Excessive alias count indicates a resource exhaustion attack',
    'host.yaml:1:1',
  ],
  'bytes that are no text': [Uint8Array.of(0xff, 0xfe, 0, 1), 'the file is not UTF-8 text', 'host.yaml'],
};

const noObject = new Set(['the file is empty', 'the file does not hold an object']);

describe('fairlead check refuses, naming the line,', () => {
  it.each(Object.entries(unreadable))('%s', async (_, [text, what, place]) => {
    const said = await saidOf(text);
    expect(said.split('\n')[0]).toBe(`error: ${what}`);
    expect(said.split('\n')[1]).toContain(`  at ${place}`);
    expect(said).toContain(noObject.has(what) ? '[FAIRLEAD_ERR_CONFIG_INVALID]' : '[FAIRLEAD_ERR_CONFIG_SYNTAX]');
  });

  it('a file that is not there, and a folder', async () => {
    const output = new WrittenLines();
    expect(await check(join(folder, 'none.yaml'), {}, output)).toBe(1);
    expect(await check(folder, {}, output)).toBe(1);
    expect(output.told.filter((line) => line.startsWith('error:'))).toEqual([
      'error: there is no such file',
      'error: this is a folder, not a file',
    ]);
    expect(output.told.filter((line) => line.includes('[FAIRLEAD_ERR_CONFIG_READ]'))).toHaveLength(2);
  });

  it('a key of every object there is, whatever its name', async () => {
    const said = await saidOf(`${nics}${vms}__proto__: { seed: 3 }\nconstructor: 1\n`);
    expect(said).toContain('at host.yaml:5:1 __proto__');
    expect(said).toContain('at host.yaml:6:1 constructor');
  });
});
