import { afterEach, describe, expect, it } from 'vitest';
import { BEYOND, frame, macOf, markOf, sourceOf } from '../given/frames.ts';
import { guestOf, nicOf } from '../given/inline-host.ts';
import { TwoHosts } from '../given/two-hosts.ts';

let two: TwoHosts;
afterEach(() => two.close());

const states = (vm: string): string[] => two.hosts.map((host) => host.vms.status(vm).state);
const marks = (host: number): number[] => nicOf(two.hosts[host], 'nic0').takeTransmitted().map(markOf);

describe('a VM that goes from one host to another', () => {
  it('runs there and no longer here, and both remember it', async () => {
    two = await TwoHosts.start();
    const [a, b] = two.hosts;
    const record = await a.migrate('vm0', { cause: 'maintenance' });
    await two.idle();
    expect(states('vm0')).toEqual(['migrated', 'running']);
    expect(two.world.placed.get('vm0')).toEqual({ host: 'b', status: 'running' });
    expect(record).toMatchObject({
      from: 'a',
      to: 'b',
      state: 'done',
      cause: 'maintenance',
      downtimeMs: 7,
      reason: '',
    });
    expect(b.migrations()).toMatchObject([{ id: record.id, direction: 'in', state: 'done', from: 'a', to: 'b' }]);
    await expect(a.vms.start('vm0')).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_VM_STATE' });
  });

  it('takes the frames that wait along: each is sent once, in order, before what it sends there', async () => {
    two = await TwoHosts.start({ announce: { count: 0 } });
    const [a, b] = two.hosts;
    a.nics.setAdmin('nic0', false); // they wait in the ring of the VM
    for (let mark = 1; mark <= 20; mark++) guestOf(a, 'vm0').send(frame({ from: macOf(0), mark }));
    a.run(1000);
    await a.migrate('vm0');
    guestOf(b, 'vm0').send(frame({ from: macOf(0), mark: 99 }));
    a.nics.setAdmin('nic0', true);
    await two.run(5);
    expect([marks(0), marks(1)]).toEqual([[], [...Array(20).keys()].map((i) => i + 1).concat(99)]);
    expect(a.arena.vms.dropped[13]).toBe(20); // migrated
    expect(a.migrations()).toMatchObject([{ outboundFrames: 20 }]);
    for (const host of two.hosts) host.assertConserved();
  });

  it('receives there what it had not received here', async () => {
    two = await TwoHosts.start({ announce: { count: 0 } });
    const [a, b] = two.hosts;
    await a.vms.suspend('vm0');
    for (let mark = 1; mark <= 3; mark++) nicOf(a, 'nic0').deliver(frame({ from: BEYOND, to: macOf(0), mark }));
    a.run(1000);
    await a.migrate('vm0');
    expect(states('vm0')).toEqual(['migrated', 'suspended']); // the operator's word goes with it
    await b.vms.resume('vm0');
    await two.run(2);
    const received = [1, 2, 3].map(() => markOf(guestOf(b, 'vm0').receive() ?? new Uint8Array(64)));
    expect(received).toEqual([1, 2, 3]);
    for (const host of two.hosts) host.assertConserved();
  });

  it('is announced where it runs, under the address that it had', async () => {
    two = await TwoHosts.start({ announce: { count: 1 } });
    const [a] = two.hosts;
    await a.migrate('vm0');
    await two.run(3);
    expect(nicOf(two.hosts[1], 'nic0').takeTransmitted().map(sourceOf)).toEqual([macOf(0)]);
    expect(nicOf(a, 'nic0').takeTransmitted()).toEqual([]);
  });

  it('is a stranger to the host that it left: it is reached over a NIC, and what it sends is no echo', async () => {
    two = await TwoHosts.start({ announce: { count: 0 } });
    const [a, b] = two.hosts;
    await a.migrate('vm0');
    guestOf(a, 'vm1').send(frame({ from: macOf(1), to: macOf(0), mark: 1 }));
    await two.run(2);
    expect(markOf(guestOf(b, 'vm0').receive() as Uint8Array)).toBe(1);
    guestOf(b, 'vm0').send(frame({ from: macOf(0), to: macOf(1), mark: 2 }));
    await two.run(2);
    expect(markOf(guestOf(a, 'vm1').receive() as Uint8Array)).toBe(2);
    for (const host of two.hosts) host.assertConserved();
  });

  it('comes back, and what it then sends to its neighbour does not leave the host', async () => {
    two = await TwoHosts.start({ announce: { count: 0 } });
    const [a, b] = two.hosts;
    await a.migrate('vm0');
    await two.run(1);
    await b.migrate('vm0', { to: 'a' });
    expect(states('vm0')).toEqual(['running', 'migrated']);
    guestOf(a, 'vm0').send(frame({ from: macOf(0), to: macOf(1), mark: 3 }));
    await two.run(2);
    expect(markOf(guestOf(a, 'vm1').receive() as Uint8Array)).toBe(3);
    expect(marks(0)).toEqual([]);
  });

  it('keeps its allocation', async () => {
    two = await TwoHosts.start();
    const [a, b] = two.hosts;
    a.resources.setAllocation('vm0', { limitBps: 5e6, reservationBps: 1e6, priority: 7 });
    await a.migrate('vm0');
    expect(b.resources.allocation('vm0')).toEqual(a.resources.allocation('vm0'));
  });
});

describe('the host that a VM goes to', () => {
  it('has room, is not under attack, and is the least loaded; the record says why not the others', async () => {
    two = await TwoHosts.start({}, ['a', 'b', 'c']);
    const [a, b, c] = two.hosts;
    a.resources.setAllocation('vm0', { reservationBps: 6e8 });
    await a.migrate('vm1', { to: 'b' });
    b.resources.setAllocation('vm1', { reservationBps: 6e8 });
    await two.run(2100); // they announce themselves
    const record = await a.migrate('vm0');
    expect(record).toMatchObject({
      to: 'c',
      rejected: [{ host: 'b', why: expect.stringContaining('room for 400000000') }],
    });
    expect(c.vms.status('vm0').state).toBe('running');
    await expect(c.migrate('vm0', { to: 'b' })).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_MIGRATION' });
    expect(states('vm0')).toEqual(['migrated', 'stopped', 'running']);
  });

  it('has its room promised to the VMs that are on their way to it', async () => {
    two = await TwoHosts.start({ migration: { atOnce: 2 } }, ['a', 'b', 'c'], { migration: { atOnce: 2 } });
    const [a, , c] = two.hosts;
    await a.migrate('vm1', { to: 'c' });
    a.resources.setAllocation('vm0', { reservationBps: 6e8 });
    c.resources.setAllocation('vm1', { reservationBps: 6e8 });
    const [first, second] = await Promise.allSettled([a.migrate('vm0', { to: 'b' }), c.migrate('vm1', { to: 'b' })]);
    expect(first).toMatchObject({ status: 'fulfilled', value: { to: 'b' } });
    expect(second).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('room for 400000000') },
    });
    expect([states('vm0'), states('vm1')]).toEqual([
      ['migrated', 'running', 'stopped'],
      ['migrated', 'stopped', 'running'],
    ]);
  });

  it.each([
    {
      what: 'no such VM',
      others: { vms: [{ name: 'vm1', mac: macOf(1), device: { use: 'memory' }, start: false }] },
      why: 'names no VM',
    },
    {
      what: 'the VM under another address',
      others: { vms: [{ name: 'vm0', mac: macOf(9), device: { use: 'memory' }, start: false }] },
      why: 'the address',
    },
    { what: 'no hypervisor', others: { hypervisor: undefined }, why: 'takes no VMs' },
  ])('refuses one of which it knows $what', async ({ others, why }) => {
    two = await TwoHosts.start({}, ['a', 'b'], others as object);
    await expect(two.hosts[0].migrate('vm0')).rejects.toThrow(why);
    expect(two.hosts[0].vms.status('vm0').state).toBe('running');
    expect(two.hosts[0].migrations()).toMatchObject([{ state: 'refused', rejected: [{ host: 'b' }] }]);
  });

  it('is asked for no more than is allowed at once', async () => {
    two = await TwoHosts.start();
    const [a] = two.hosts;
    const both = await Promise.allSettled([a.migrate('vm0'), a.migrate('vm1')]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(states('vm1')).toEqual(['running', 'stopped']);
  });
});

describe('the cool-down', () => {
  it('keeps a responder from moving a VM again, longer each time and on every host, but no operator', async () => {
    two = await TwoHosts.start({ migration: { coolDownMs: '1s', maxCoolDownMs: '1h' } });
    const [a, b] = two.hosts;
    await a.migrate('vm0', { by: 'responder' });
    await expect(b.migrate('vm0', { by: 'responder' })).rejects.toThrow('rests for 1 s');
    await two.run(1001);
    await b.migrate('vm0', { by: 'responder' });
    await two.run(1001);
    await expect(a.migrate('vm0', { by: 'responder' })).rejects.toThrow('rests for 1 s'); // of two
    await a.migrate('vm0');
    await expect(b.migrate('vm0', { by: 'responder' })).rejects.toThrow('rests for 4 s');
  });
});
