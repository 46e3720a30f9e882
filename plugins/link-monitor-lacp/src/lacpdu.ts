/** EtherType of the slow protocols (IEEE 802.3 annex 57A). */
export const SLOW_PROTOCOLS_TYPE = 0x8809;
/** Slow_Protocols_Multicast: no bridge forwards it. */
const GROUP = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x02];
const LACP_SUBTYPE = 1;
const VERSION = 1;
const FRAME_BYTES = 124;
/* Places in a frame, Ethernet header included. */
const SUBTYPE_AT = 14;
const ACTOR_AT = 16;
const PARTNER_AT = 36;
const COLLECTOR_AT = 56;
const ACTOR_TLV = 1;
const PARTNER_TLV = 2;
const COLLECTOR_TLV = 3;
const INFORMATION_BYTES = 20;
const COLLECTOR_BYTES = 16;

/** Bits of a port's state (IEEE 802.1AX-2020 §6.4.2.3). */
export const PortState = {
  Activity: 0x01,
  ShortTimeout: 0x02,
  Aggregation: 0x04,
  Synchronization: 0x08,
  Collecting: 0x10,
  Distributing: 0x20,
  Defaulted: 0x40,
  Expired: 0x80,
} as const;

/** What one end says of a port, or believes of the other end's. */
export interface PortInformation {
  readonly systemPriority: number;
  /** MAC address of the system, twelve hexadecimal digits. */
  readonly system: string;
  readonly key: number;
  readonly portPriority: number;
  readonly port: number;
  /** Bits of `PortState`. */
  readonly state: number;
}

/** What a LACPDU tells: of its sender, and what its sender believes of the receiver. */
export interface Lacpdu {
  readonly actor: PortInformation;
  readonly partner: PortInformation;
}

/**
 * A LACPDU as a frame (IEEE 802.1AX-2020 §6.4.2.3).
 *
 * ```
 *   0       14          16          36            56            72
 *   │ 01:80:c2:00:00:02 …
 *           │ 1 version │ actor TLV │ partner TLV │ collector TLV │ zeros … 124
 *
 *   a TLV   0      1    2          4        10    12         14     16      17
 *           │ type │ 20 │ priority │ system │ key │ priority │ port │ state │ 0 0 0 │
 * ```
 */
export function encodeLacpdu(source: Uint8Array, { actor, partner }: Lacpdu): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES);
  frame.set(GROUP, 0);
  frame.set(source.subarray(0, 6), 6);
  frame.set([SLOW_PROTOCOLS_TYPE >>> 8, SLOW_PROTOCOLS_TYPE & 0xff, LACP_SUBTYPE, VERSION], 12);
  const view = new DataView(frame.buffer);
  write(frame, view, ACTOR_AT, ACTOR_TLV, actor);
  write(frame, view, PARTNER_AT, PARTNER_TLV, partner);
  frame.set([COLLECTOR_TLV, COLLECTOR_BYTES], COLLECTOR_AT);
  return frame;
}

function write(frame: Uint8Array, view: DataView, at: number, type: number, about: PortInformation): void {
  frame.set([type, INFORMATION_BYTES], at);
  view.setUint16(at + 2, about.systemPriority);
  frame.set(Buffer.from(about.system, 'hex'), at + 4);
  view.setUint16(at + 10, about.key);
  view.setUint16(at + 12, about.portPriority);
  view.setUint16(at + 14, about.port);
  frame[at + 16] = about.state;
}

/**
 * What a frame says when it is a LACPDU; undefined for anything else. A later version is read as version 1, which its
 * beginning is (§6.4.2.3 c); type and length of what is read are checked as §6.4.9 allows.
 */
export function decodeLacpdu(frame: Uint8Array): Lacpdu | undefined {
  if (frame.length < FRAME_BYTES || frame[SUBTYPE_AT] !== LACP_SUBTYPE || frame[SUBTYPE_AT + 1] === 0) return undefined;
  if (!GROUP.every((byte, i) => frame[i] === byte)) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const actor = read(frame, view, ACTOR_AT, ACTOR_TLV);
  const partner = read(frame, view, PARTNER_AT, PARTNER_TLV);
  return actor && partner && { actor, partner };
}

function read(frame: Uint8Array, view: DataView, at: number, type: number): PortInformation | undefined {
  if (frame[at] !== type || frame[at + 1] !== INFORMATION_BYTES) return undefined;
  return {
    systemPriority: view.getUint16(at + 2),
    system: Buffer.from(frame.subarray(at + 4, at + 10)).toString('hex'),
    key: view.getUint16(at + 10),
    portPriority: view.getUint16(at + 12),
    port: view.getUint16(at + 14),
    state: frame[at + 16] as number,
  };
}

/** True when both name the same port of the same system, with the same key and the same wish to aggregate. */
export function isSamePort(one: PortInformation, other: PortInformation): boolean {
  return (
    one.port === other.port &&
    one.portPriority === other.portPriority &&
    one.system === other.system &&
    one.systemPriority === other.systemPriority &&
    one.key === other.key &&
    ((one.state ^ other.state) & PortState.Aggregation) === 0
  );
}
