import { isIPv4 } from 'node:net';
import { FairleadError, parseMac } from '@fairlead/sdk';

/** A frame as it is described on the command line. */
export interface DescribedFrame {
  readonly vm: string;
  /** Destination MAC. */
  readonly to: string;
  /** Source MAC; that of the VM when left out. */
  readonly from?: string;
  readonly bytes: number;
  /** Address and port that its TCP or UDP header is for. */
  readonly tcp?: string;
  readonly udp?: string;
}

const IPV4 = 0x0800;
/** EtherType for local experiments (IEEE 802, clause 9): a frame without an IP header. */
const EXPERIMENTAL = 0x88b5;
const IP_AT = 14;
const L4_AT = IP_AT + 20;
/** TEST-NET-1 (RFC 5737), and the first of the dynamic ports (RFC 6335 §6). */
const FROM_ADDRESS = [192, 0, 2, 1];
const FROM_PORT = 49_152;

/** @throws FairleadError `FAIRLEAD_ERR_CONFIG_INVALID` for an address that is none, or a frame that is too short for it. */
export function writeFrame({ to, bytes, tcp, udp, ...described }: DescribedFrame, ownMac: string): Uint8Array {
  const frame = new Uint8Array(bytes);
  const header = new Uint8Array(bytes < IP_AT ? IP_AT : bytes);
  header.set(macOf(to, '--to'), 0);
  header.set(macOf(described.from ?? ownMac, '--from'), 6);
  const view = new DataView(header.buffer);
  const layer4 = tcp ?? udp;
  view.setUint16(12, layer4 === undefined ? EXPERIMENTAL : IPV4);
  if (layer4 !== undefined) {
    const where = tcp === undefined ? '--udp' : '--tcp';
    const length = tcp === undefined ? 8 : 20;
    if (bytes < L4_AT + length)
      throw wrong(`${bytes} bytes hold no such header`, '--bytes', `use ${L4_AT + length} or more`);
    writeIp(header, view, endpoint(layer4, where), tcp === undefined ? 17 : 6);
  }
  frame.set(header.subarray(0, bytes));
  return frame;
}

function writeIp(header: Uint8Array, view: DataView, to: { address: number[]; port: number }, protocol: number): void {
  header[IP_AT] = 0x45;
  view.setUint16(IP_AT + 2, header.length - IP_AT);
  header[IP_AT + 8] = 64;
  header[IP_AT + 9] = protocol;
  header.set([...FROM_ADDRESS, ...to.address], IP_AT + 12);
  // RFC 1071, over the ten words of the header.
  let sum = 0;
  for (let at = IP_AT; at < L4_AT; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(IP_AT + 10, ~sum & 0xffff);
  view.setUint16(L4_AT, FROM_PORT);
  view.setUint16(L4_AT + 2, to.port);
  if (protocol === 6) header[L4_AT + 12] = 5 << 4;
  else view.setUint16(L4_AT + 4, header.length - L4_AT);
}

function endpoint(text: string, where: string): { address: number[]; port: number } {
  const [address = '', port = ''] = text.split(':');
  if (!isIPv4(address) || !/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw wrong(`"${text}" is not an address and a port`, where, 'write it as 10.0.0.1:80');
  return { address: address.split('.').map(Number), port: Number(port) };
}

/** Group addresses too, which the sdk's reader refuses as addresses of a VM. */
function macOf(text: string, where: string): Uint8Array {
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text))
    return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
  try {
    return parseMac(text);
  } catch (cause) {
    throw wrong(`"${text}" is not a MAC address`, where, 'write it as 52:54:00:00:00:01', cause);
  }
}

function wrong(what: string, where: string, mend: string, cause?: unknown): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_CONFIG_INVALID', what, {
    where,
    mend,
    ...(cause === undefined ? {} : { cause }),
  });
}
