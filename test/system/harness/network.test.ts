import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { counted, interfaceCounters } from '../support/interface-counters.ts';
import { NetworkLab } from '../support/namespaces.ts';
import { requireParts } from '../support/parts.ts';
import { twoUplinks, type UplinkNetwork } from '../support/uplinks.ts';

const parts = requireParts('the network of the system tests', [
  'root',
  'namespaces',
  'ip',
  'ethtool',
  'ping',
  'iperf3',
  'setpriv',
]);

describe.skipIf(parts.skip)('the network of the system tests', () => {
  let lab: NetworkLab;
  let network: UplinkNetwork;
  let host: string;

  beforeAll(async () => {
    lab = await NetworkLab.open();
    // Stands where a host with its NIC drivers will: in a namespace, so that its address disturbs nobody.
    host = await lab.namespace('host');
    network = await twoUplinks(lab, '10.77.0.1/24', host);
  });
  afterAll(() => lab.close());

  const ping = (count: number) => lab.run(host, ['ping', '-c', `${count}`, '-i', '0.01', '-W', '1', '10.77.0.1']);

  it('sends nothing of its own over the cables', async () => {
    const idle = await Promise.all([...network.uplinks, ...network.ports, network.peer].map(interfaceCounters));
    expect(idle.map(({ txFrames }) => txFrames)).toEqual([0, 0, 0, 0, 0]);
  });

  it('has no offload that AF_PACKET would see', async () => {
    for (const { device, namespace } of [...network.uplinks, network.peer]) {
      const { stdout } = await lab.run(namespace as string, ['ethtool', '-k', device]);
      for (const feature of ['tx-checksumming', 'tcp-segmentation-offload', 'generic-segmentation-offload']) {
        expect(stdout).toContain(`${feature}: off`);
      }
    }
  });

  it('carries and counts exactly what is sent, over the uplink that sends it', async () => {
    await lab.address(network.uplinks[0], '10.77.0.2/24');
    // Both ends know each other's MAC after this; what follows is unicast that the bridge has learnt.
    expect((await ping(1)).status).toBe(0);
    const before = await Promise.all(network.ports.map(interfaceCounters));
    expect((await ping(20)).status).toBe(0);
    const after = await Promise.all(network.ports.map(interfaceCounters));
    const [first, second] = before.map((count, index) => counted(count, after[index] as typeof count));
    expect(first).toMatchObject({ rxFrames: 20, rxBytes: 20 * 98, txFrames: 20, txBytes: 20 * 98 });
    expect(second).toMatchObject({ rxFrames: 0, txFrames: 0 });
  });

  it('completes an iperf3 transfer', async () => {
    const server = await lab.start(network.peer.namespace as string, ['iperf3', '-s', '--forceflush']);
    await server.says(/listening/i, 5_000);
    const { stdout } = await lab.run(host, ['iperf3', '-c', '10.77.0.1', '-n', '40M', '-J'], { timeoutMs: 20_000 });
    const { sum_sent: sent, sum_received: received } = JSON.parse(stdout).end;
    expect(sent.bytes).toBe(40 << 20);
    // The receiver stops when the sender says that it has done: what is in the sockets by then, 10 MB at most, is lost.
    expect(received.bytes).toBeGreaterThan(sent.bytes / 2);
    await server.stop();
  });

  it('loses an uplink when its cable is pulled, and has it back', async () => {
    const operstate = async () => {
      const { device, namespace } = network.uplinks[0];
      const [link] = JSON.parse(await command(['ip', '-n', namespace as string, '-j', 'link', 'show', 'dev', device]));
      return link.operstate as string;
    };
    await lab.setLink(network.ports[0], 'down');
    await until(async () => (await operstate()) === 'DOWN', 5_000, 'loss of carrier');
    expect((await ping(1)).status).not.toBe(0);
    await lab.setLink(network.ports[0], 'up');
    await until(async () => (await operstate()) === 'UP', 5_000, 'carrier');
    // The bridge takes a port back some time after its carrier.
    await until(async () => (await ping(1)).status === 0, 20_000, 'answer after the cable was put back');
  });
});
