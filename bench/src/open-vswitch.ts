import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Background, background } from './process.ts';
import type { Veths } from './veths.ts';
import type { Workshop } from './workshop.ts';

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const START_MS = 10_000;

/**
 * Open vSwitch with its userspace datapath (`datapath_type=netdev`), forwarding every frame from one interface to the
 * other. Database and switch are started by hand in a directory of their own, so an installed service is not touched.
 *
 * The one flow is `in_port=FROM actions=output:TO`: with `NORMAL` each frame for a MAC not yet learnt would go to the
 * bridge's own port as well, which would be held against it.
 */
export async function startOpenVswitch(
  workshop: Workshop,
  veths: Veths,
  ports: { from: string; to: string; cpu: number },
): Promise<Background> {
  const directory = path.join(workshop.directory, 'ovs');
  const database = path.join(directory, 'conf.db');
  const socket = `unix:${path.join(directory, 'db.sock')}`;
  const environment = ['env', `OVS_RUNDIR=${directory}`, `OVS_LOGDIR=${directory}`];
  const quiet = ['-vconsole:warn', '-vfile:off', '-vsyslog:off'];
  const tool = (command: readonly string[]) => workshop.run(veths.inside([...environment, ...command]));
  const started: Background[] = [];
  const end = async (): Promise<void> => {
    for (const process of started.reverse()) await process.end();
    await rm(directory, { recursive: true, force: true });
  };
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  try {
    await tool(['ovsdb-tool', 'create', database, SCHEMA]);
    const server = ['ovsdb-server', database, `--remote=p${socket}`, `--unixctl=${path.join(directory, 'db.ctl')}`];
    started.push(await background(veths.inside([...environment, ...server, ...quiet]), START_MS));
    await tool(['ovs-vsctl', '--timeout=10', '--retry', '--no-wait', `--db=${socket}`, 'init']);
    const control = `--unixctl=${path.join(directory, 'switch.ctl')}`;
    const daemon = ['taskset', '-c', String(ports.cpu), 'ovs-vswitchd', socket, control];
    started.push(await background(veths.inside([...environment, ...daemon, ...quiet]), START_MS));
    const { from, to } = ports;
    await tool(
      `ovs-vsctl --timeout=10 --db=${socket} add-br br0 -- set bridge br0 datapath_type=netdev fail_mode=secure -- add-port br0 ${from} -- add-port br0 ${to}`.split(
        ' ',
      ),
    );
    const management = path.join(directory, 'br0.mgmt');
    await tool(['ovs-ofctl', 'add-flow', management, `in_port=${from},actions=output:${to}`]);
  } catch (cause) {
    await end();
    throw cause;
  }
  return { end };
}
