import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireParts } from '../support/parts.ts';
import { Guest } from '../support/qemu.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const parts = requireParts('the guests of the system tests', ['qemu-system-x86_64', 'setpriv', 'guest-image']);

describe.skipIf(parts.skip)('two guests, the sockets of their NICs joined', () => {
  const directory = temporaryDirectory();
  const servers = ['a', 'b'].map((name) => createServer().listen(join(directory.path, name)));
  let a: Guest;
  let b: Guest;

  beforeAll(async () => {
    const nics = Promise.all(servers.map(async (server) => (await once(server, 'connection'))[0] as Socket));
    const options = (name: string, number: number) => ({
      name,
      mac: `52:54:00:00:00:0${name}`,
      nicPath: join(directory.path, name),
      address: `10.77.0.${number}/24`,
    });
    [a, b] = await Promise.all([Guest.start(options('a', 11)), Guest.start(options('b', 12))]);
    // Both speak the same framing, so a byte-wise joint is a cable.
    const [nicA, nicB] = (await nics) as [Socket, Socket];
    nicA.pipe(nicB).pipe(nicA);
  });
  afterAll(async () => {
    await Promise.all([a?.stop(), b?.stop()]);
    for (const server of servers) server.close();
    directory.remove();
  });

  it('have an ordinary eth0 with the MAC and the address that was asked for', async () => {
    const { status, output } = await b.run('ip address show eth0');
    expect(status).toBe(0);
    expect(output).toContain('link/ether 52:54:00:00:00:0b');
    expect(output).toContain('inet 10.77.0.12/24');
  });

  it('answer with the status of a command and all it wrote, however much that is', async () => {
    expect(await a.run('echo out; echo err >&2; exit 3')).toEqual({ status: 3, output: 'out\nerr\n' });
    expect(await a.run('seq 20000')).toEqual({
      status: 0,
      output: Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join(''),
    });
  });

  it('end a command that is too slow, and run others meanwhile', async () => {
    const slow = a.run('sleep 600', 1_000);
    expect(await a.run('echo meanwhile')).toEqual({ status: 0, output: 'meanwhile\n' });
    expect((await slow).status).toBe(143);
  });

  it('reach each other', async () => {
    const { status, output } = await a.run('ping -c 3 -W 5 10.77.0.12', 30_000);
    expect(output).toContain('3 packets transmitted, 3 packets received');
    expect(status).toBe(0);
  });

  it('complete an iperf3 transfer', async () => {
    expect((await b.run('iperf3 -s -D')).status).toBe(0);
    const { output } = await a.run('iperf3 -c 10.77.0.12 -n 40M -J', 60_000);
    const { sum_sent: sent, sum_received: received } = JSON.parse(output).end;
    expect(sent.bytes).toBe(40 << 20);
    // The receiver stops when the sender says that it has done: what is in the sockets by then, 10 MB at most, is lost.
    expect(received.bytes).toBeGreaterThan(sent.bytes / 2);
  });

  it('are paused and resumed through QMP', async () => {
    await a.qmp('stop');
    expect(await a.qmp('query-status')).toMatchObject({ status: 'paused' });
    await a.qmp('cont');
    expect(await a.qmp('query-status')).toMatchObject({ status: 'running' });
    await expect(a.qmp('no-such-command')).rejects.toThrow('no-such-command');
  });

  it('are gone when they are stopped, and say so', async () => {
    const { pid } = b;
    const unanswered = b.run('sleep 600').catch(String);
    await b.stop();
    expect(await unanswered).toMatch(/qemu-system-x86_64.* ended with/);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe.skipIf(parts.skip)('a guest whose NIC has nobody to connect to', () => {
  it('does not start', async () => {
    const start = Guest.start({ name: 'c', mac: '52:54:00:00:00:0c', nicPath: '/nonexistent/nic' });
    await expect(start).rejects.toThrow('/nonexistent/nic');
  });
});
