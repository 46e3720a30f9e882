import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkValue, type ShadowReport } from '@fairlead/core';
import type { SimulationResult } from '@fairlead/simulator';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type SimulateFlags, simulateCommand } from '../src/commands/simulate.ts';
import { createProgram } from '../src/program.ts';
import { hostSchema } from '../src/schema/host-schema.ts';
import { scenarioFileSchema, scenarioSchemaText } from '../src/schema/scenario-schema.ts';
import { WrittenLines } from './written-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-simulate-'));
afterAll(() => rmSync(folder, { recursive: true }));
const examples = fileURLToPath(new URL('../../../examples/scenarios/', import.meta.url));
const example = (name: string): string => join(examples, `${name}.yaml`);

function written(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

async function simulated(
  files: readonly string[],
  flags: SimulateFlags = {},
): Promise<WrittenLines & { code: number }> {
  const output = new WrittenLines();
  const code = await simulateCommand(files, flags, output);
  return Object.assign(output, { code });
}

const host = `
nics: [{ name: uplink0, driver: { use: memory, options: { speedBps: 10Mbps, latencyUs: 1ms } } }]
vms: [{ name: web, mac: "52:54:00:00:00:01", device: { use: memory } }]
`;
const scenario = (more = ''): string => `
duration: 300ms
host: host.yaml
senders: [{ vm: web, kind: tcp }]
${more}`;
written('host.yaml', host);

/** The tables; what is said of the decision log changes with every policy. */
const tables = (printed: readonly string[]): string =>
  printed.filter((line) => !/^(digest|decisions)/.test(line)).join('\n');

describe('the tables of the examples', () => {
  it('show where a VM under attack went, and what came of it', async () => {
    const { printed, code } = await simulated([example('move-under-attack')], { forUs: 14e6 });
    expect(code).toBe(0);
    const lines = printed.filter((line) => /VM web (begins|runs)|^migration/.test(line));
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "  13.000 s  left: VM web begins to move to host right, for the responder
        13.503 s  left: VM web runs on host right, was away for 30 ms; 0 frames to send and 0 to receive went along
      migration of web from left to right, for the responder: done in 503.0 ms, away for 30.00 ms, 0 frames to send and 0 to receive along"
    `);
  });

  it('show that shares, not connections, decide', async () => {
    const { printed, code } = await simulated([example('fair-shares')], { forUs: 4e6 });
    expect(code).toBe(0);
    expect(tables(printed)).toMatchInlineSnapshot(`
      "fair shares: 4 s on the virtual clock, of which the first 2 s are warm-up, seed 1
      admission proportional-share, distribution first-available

      VM                    bit/s        p50        p99     frames       lost     resent
      one                   25.0M   127.2 ms   127.2 ms       4129       0.0%          0
      many                  25.0M   127.2 ms   127.2 ms       4128       0.0%          0
      double                50.0M   65.22 ms   65.22 ms       8256       0.0%          0

      NIC                   speed      sends       gets       load     chosen       lost
      uplink0              100.0M      99.9M       2.4M      99.9%      33.0k          0


      conserved: every frame accounted for (accepted = transmitted + queued + dropped)"
    `);
  });

  it('show what taking turns costs on unequal NICs', async () => {
    const files = [example('unequal-nics-round-robin'), example('unequal-nics-pending-load')];
    const { printed } = await simulated(files, { forUs: 3e6, compare: true });
    expect(tables(printed)).toMatchInlineSnapshot(`
      "                                unequal NICs, round-rob…  unequal NICs, pending-l…
      admission                                           none                      none
      distribution                                 round-robin              pending-load

      web throughput                               36.4 Mbit/s              108.4 Mbit/s
                                                                                   +198%
      web latency p50                                  3.28 ms                   2.70 ms
                                                                                    -18%
      web latency p99                                 21.38 ms                   3.82 ms
                                                                                    -82%
      web lost                                               0                         0
      db throughput                                 2.7 Mbit/s                2.9 Mbit/s
                                                                                   +4.7%
      db latency p50                                   2.22 ms                   2.77 ms
                                                                                    +24%
      db latency p99                                  27.26 ms                   4.32 ms
                                                                                    -84%
      db lost                                                0                         0
      voice throughput                            991.2 kbit/s              999.8 kbit/s
                                                                                   +0.9%
      voice latency p50                                2.16 ms                   2.48 ms
                                                                                    +15%
      voice latency p99                               25.73 ms                   3.50 ms
                                                                                    -86%
      voice lost                                             0                         0
      NIC fast load                                      20.2%                     99.3%
                                                                                   +392%
      NIC slow load                                      99.9%                     69.5%
                                                                                    -30%

      conserved: every frame accounted for (accepted = transmitted + queued + dropped)"
    `);
  });
});

describe('fairlead simulate', () => {
  it('prints the same lines for the same scenario, and others for another seed', async () => {
    const file = written('same.yaml', `${scenario()}network: { uplink0: { lossRate: 0.05 } }`);
    const [first, second, other] = [
      await simulated([file]),
      await simulated([file]),
      await simulated([file], { seed: 9 }),
    ];
    expect(second.printed).toEqual(first.printed);
    expect(first.printed.at(-1)).toMatch(/^digest sha256 [0-9a-f]{64}$/);
    expect(other.printed.at(-1)).not.toBe(first.printed.at(-1));
  });

  it('writes result, report and decision log where it is told', async () => {
    const [json, report, decisions] = ['out.json', 'out.html', 'out.jsonl'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const { code } = await simulated([written('out.yaml', scenario())], { json, report, decisions });
    expect(code).toBe(0);
    const result = JSON.parse(readFileSync(json, 'utf8')) as SimulationResult;
    expect(result).toMatchObject({ version: 1, durationSeconds: 0.3, vms: [{ name: 'web' }] });
    expect(readFileSync(decisions, 'utf8').trimEnd().split('\n')).toHaveLength(result.decisions.lines);
    expect(readFileSync(report, 'utf8')).toContain(result.digest);
  });

  it('says what a shadow would have done, and neither decides nor logs anything else for it', async () => {
    const two = host.replace(' }]\n', ' }, { name: uplink1, driver: { use: memory } }]\n');
    const of = (name: string, shadow: string): string => {
      written(`${name}-host.yaml`, `${two}distribution: { use: round-robin${shadow} }\n`);
      return written(`${name}.yaml`, scenario().replace('host.yaml', `${name}-host.yaml`));
    };
    const shadowReport = join(folder, 'shadow.json');
    const without = await simulated([of('without', '')], { shadowReport });
    expect(JSON.parse(readFileSync(shadowReport, 'utf8'))).toEqual({ version: 1, sections: [] });
    const same = await simulated([of('same-shadow', ', shadow: { use: round-robin }')], { shadowReport });
    expect(same.printed.at(-1)).toBe(without.printed.at(-1)); // the digest of the decision log
    expect(same.printed.join('\n')).toContain('distribution: round-robin decides; beside it round-robin');
    const [section] = (JSON.parse(readFileSync(shadowReport, 'utf8')) as ShadowReport).sections;
    expect(section?.frames).toBeGreaterThan(0);
    expect(section?.same).toEqual(section?.frames);
    const { printed } = await simulated([of('other-shadow', ', shadow: { use: active-backup }')], { json: '-' });
    const { shadow, digest } = JSON.parse(printed[0] as string) as SimulationResult;
    expect(shadow?.sections).toMatchObject([{ section: 'distribution', real: 'round-robin', shadow: 'active-backup' }]);
    expect(without.printed.at(-1)).toContain(digest);
  });

  it('prints the result as JSON in place of the summary', async () => {
    const { objects } = await (async () => {
      const { printed } = await simulated([written('json.yaml', scenario())], { json: '-' });
      return { objects: [JSON.parse(printed.join('\n')) as SimulationResult] };
    })();
    expect(objects[0]?.vms[0]?.throughputBps).toBeGreaterThan(5e6);
  });

  it('names file, line, column and mend of what is wrong, in the scenario and in the host file that it names', async () => {
    const wrong = written(
      'wrong.yaml',
      scenario().replace('kind: tcp', 'kind: tpc').replace('host.yaml', 'wrong-host.yaml'),
    );
    written('wrong-host.yaml', host.replace('speedBps', 'spedBps'));
    const { told, code } = await simulated([wrong]);
    expect(code).toBe(1);
    expect(told.map((line) => line.replaceAll(folder, '.'))).toEqual([
      'error: nic-driver plugin "memory": there is no "spedBps" here',
      '  at ./wrong-host.yaml:2:59 nics[0].driver.options.spedBps',
      '  plugin: nic-driver memory',
      '  mend: did you mean "speedBps"?',
      '  [FAIRLEAD_ERR_PLUGIN_OPTIONS]',
      'error: "tpc" is not a choice here',
      '  at ./wrong.yaml:4:22 senders[0].kind',
      '  mend: use one of: tcp, constant, on-off, bursts, clients, flash-crowd, flood, scan',
      '  [FAIRLEAD_ERR_CONFIG_INVALID]',
    ]);
  });

  it('names them in a host that stands in the scenario itself, too', async () => {
    const inline = scenario().replace(
      'host: host.yaml',
      `host: {${host.trim().replace('\n', ', ').replace('memory,', 'memroy,')}}`,
    );
    const { told } = await simulated([written('inline.yaml', inline)]);
    const lines = told.map((line) => line.replaceAll(folder, '.'));
    expect(lines[1]).toMatch(/^ {2}at \.\/inline\.yaml:3:\d+ host\.nics\[0\]\.driver\.use$/);
    expect(lines).toContain('  plugin: nic-driver memroy');
    expect(lines).toContain('  mend: did you mean "memory"?');
  });

  it('says so when a host file is not there', async () => {
    const { told } = await simulated([written('lost.yaml', scenario().replace('host.yaml', 'nowhere.yaml'))]);
    expect(told).toContain('error: there is no such file');
    expect(told).toContain('  [FAIRLEAD_ERR_CONFIG_READ]');
  });

  it('says so when a result cannot be written', async () => {
    const file = written('unwritable.yaml', scenario());
    await expect(simulated([file], { json: join(folder, 'no', 'such', 'folder.json') })).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_OUTPUT',
    });
  });

  it('refuses to compare a scenario with nothing', async () => {
    const program = createProgram(new WrittenLines(), undefined, () => undefined).configureOutput({
      writeErr: () => undefined,
    });
    const args = ['node', 'fairlead', 'simulate', '--compare', 'a.yaml'];
    await expect(program.parseAsync(args)).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('the published schema of a scenario', async () => {
  const path = '../schema/scenario.schema.json';
  const host = await hostSchema();
  /** Paths of what is wrong with a written scenario, its host included. */
  const wrongPaths = (written: { host: unknown }): string[] => {
    const schema = scenarioFileSchema();
    const parts = { ...schema, properties: { ...schema.properties, host: {}, hosts: {} } };
    return [parts, { type: 'object', properties: { host: { ...host, $schema: undefined } } }].flatMap((one) => {
      const { definitions } = host;
      return checkValue({ ...one, definitions }, written, 'FAIRLEAD_ERR_CONFIG_INVALID').complaints.map(
        ({ path: at }) => at,
      );
    });
  };

  it('is the one that is generated: npx fairlead schema --scenario > packages/cli/schema/scenario.schema.json', () => {
    expect(readFileSync(new URL(path, import.meta.url), 'utf8')).toBe(scenarioSchemaText());
  });

  it.each(readdirSync(examples))('accepts %s, which names it for editors', (name) => {
    const text = readFileSync(join(examples, name), 'utf8');
    expect(wrongPaths(parse(text) as { host: unknown })).toEqual([]);
    const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? '';
    expect(join(examples, named)).toBe(fileURLToPath(new URL(path, import.meta.url)));
  });

  it('refuses what the command refuses', () => {
    const wrong = { host: { nics: [], vms: [] }, duration: '10 bananas', senders: [{ vm: 'a', kind: 'udp' }] };
    expect(wrongPaths(wrong)).toEqual(expect.arrayContaining(['duration', 'senders[0].kind', 'host.nics']));
  });
});
