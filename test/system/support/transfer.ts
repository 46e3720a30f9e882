import type { LinkEnd, NetworkLab } from './namespaces.ts';
import type { Guest } from './qemu.ts';

const FIRST_PORT = 5201;

/** Starts an iperf3 server on the peer; each serves one transfer at a time, so each guest needs one of its own. */
export async function serveTransfers(lab: NetworkLab, peer: LinkEnd, server: number): Promise<void> {
  if (peer.namespace === undefined) throw new Error('the peer has a namespace of its own');
  const argv = ['iperf3', '-s', '-p', `${FIRST_PORT + server}`, '--forceflush'];
  const started = await lab.start(peer.namespace, argv);
  await started.says(/Server listening/, 10_000);
}

/** One side's sum of a transfer. UDP alone counts frames. */
interface Sum {
  readonly bytes: number;
  readonly seconds: number;
  readonly bits_per_second: number;
  readonly packets?: number;
  readonly lost_packets?: number;
}

/** How a transfer ended, as iperf3's JSON has it. */
export interface TransferEnd {
  readonly sum_sent: Sum;
  readonly sum_received: Sum;
  /** UDP: what the receiver counted. */
  readonly sum?: Sum;
}

/**
 * Runs iperf3 in a guest against the peer's server of that number.
 * @throws Error with what iperf3 said, when the transfer does not complete.
 */
export async function transfer(
  guest: Guest,
  address: string,
  server: number,
  how: string,
  timeoutMs = 40_000,
): Promise<TransferEnd> {
  const line = `iperf3 -c ${address} -p ${FIRST_PORT + server} -J ${how}`;
  const { status, output } = await guest.run(line, timeoutMs);
  if (status !== 0) throw new Error(`guest ${guest.name}: "${line}" ended with ${status}: ${output.slice(-2_000)}`);
  return (JSON.parse(output) as { end: TransferEnd }).end;
}
