// Imports the plugins that are named, in that order, then runs a host that uses all of them and prints what became of
// its frames. Run by load-order.test.ts in a process of its own: an import happens once in a process.
const order = process.argv.slice(2);
for (const name of order) await import(name);
const { Host, composeHost } = await import('@fairlead/core');

/** @type {(name: string, last: number, rateBps: `${number}Mbps`) => NonNullable<import('@fairlead/core').WrittenHostConfig['vms']>[number]} */
const guest = (name, last, rateBps) => ({
  name,
  mac: `52:54:00:00:00:0${last}`,
  device: { use: 'memory', options: { traffic: { rateBps, pattern: 'poisson' } } },
  bandwidth: { limitBps: '60Mbps', burstBytes: '32KiB' },
});
const composition = await composeHost(
  {
    nics: [
      { name: 'fast', driver: { use: 'memory', options: { speedBps: '100Mbps', loss: 0.01 } } },
      { name: 'slow', driver: { use: 'memory', options: { speedBps: '25Mbps' } } },
    ],
    vms: [guest('web', 1, '80Mbps'), guest('db', 2, '50Mbps'), guest('voice', 3, '2Mbps')],
    admission: { use: 'shaping-filter', fallback: { use: 'proportional-share' } },
    distribution: { use: 'pending-load', fallback: { use: 'round-robin' } },
    runtime: { kind: 'inline' },
    seed: 7,
  },
  { bases: [import.meta.url] },
);
const host = new Host(composition);
await host.start();
host.run(300_000);
host.assertConserved();
const { nics, vms } = composition.config;
console.log(
  JSON.stringify({
    vms: vms.map(({ name }) => host.vms.status(name)),
    nics: nics.map(({ name }) => host.nics.status(name)),
  }),
);
await host.close();
