import { command } from './command.ts';
import type { LinkEnd } from './namespaces.ts';

/** What an interface has carried since it was made, device-relative: `tx` is what the host sent into it. */
export interface InterfaceCounters {
  readonly rxFrames: number;
  readonly rxBytes: number;
  readonly rxDropped: number;
  readonly txFrames: number;
  readonly txBytes: number;
  readonly txDropped: number;
}

interface Direction {
  readonly packets: number;
  readonly bytes: number;
  readonly dropped: number;
}

/** Reads the kernel's counters of one interface. */
export async function interfaceCounters({ device, namespace }: LinkEnd): Promise<InterfaceCounters> {
  const where = namespace === undefined ? [] : ['-n', namespace];
  const [link] = JSON.parse(await command(['ip', ...where, '-s', '-j', 'link', 'show', 'dev', device])) as [
    { stats64: { rx: Direction; tx: Direction } },
  ];
  const { rx, tx } = link.stats64;
  return {
    rxFrames: rx.packets,
    rxBytes: rx.bytes,
    rxDropped: rx.dropped,
    txFrames: tx.packets,
    txBytes: tx.bytes,
    txDropped: tx.dropped,
  };
}

/** What passed between two readings of one interface. */
export function counted(before: InterfaceCounters, after: InterfaceCounters): InterfaceCounters {
  return {
    rxFrames: after.rxFrames - before.rxFrames,
    rxBytes: after.rxBytes - before.rxBytes,
    rxDropped: after.rxDropped - before.rxDropped,
    txFrames: after.txFrames - before.txFrames,
    txBytes: after.txBytes - before.txBytes,
    txDropped: after.txDropped - before.txDropped,
  };
}
