import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Background } from './background.ts';
import { command } from './command.ts';
import type { LinkEnd, NetworkLab } from './namespaces.ts';

/** Frames of 40 to 60 bytes to one VM, each from another source. */
export interface Flood {
  readonly kind: 'syn' | 'udp';
  /** The VM's MAC, address and port. */
  readonly mac: string;
  readonly address: string;
  readonly port: number;
  /** At most 50,000. */
  readonly framesPerSecond: number;
  /** At most 15. */
  readonly seconds: number;
}

const PROGRAM = fileURLToPath(new URL('./flood-program.mjs', import.meta.url));

/** Starts a flood, and answers when its first frames are out. It ends by itself, and with the lab. */
export async function startFlood(lab: NetworkLab, from: LinkEnd, flood: Flood): Promise<Background> {
  if (from.namespace === undefined) throw new Error('a flood comes from a namespace of its own');
  const [link] = JSON.parse(await command(['ip', '-n', from.namespace, '-j', 'link', 'show', from.device]));
  const said = JSON.stringify({ ...flood, device: from.device, source: link.address });
  const started = await lab.start(from.namespace, [process.execPath, PROGRAM, said]);
  await started.says(/^flooding$/m, 15_000);
  return started;
}

/** How many frames a flood has sent, when it is over. */
export async function floodEnd(flood: Background): Promise<number> {
  await flood.says(/"sent":\d+/, 30_000);
  return Number(/"sent":(\d+)/.exec(flood.output)?.[1]);
}
