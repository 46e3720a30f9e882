import { FRAME_BITS } from './clients.ts';
import type { Address } from './frame-codec.ts';

/** Addresses that follow from a packet's number. */
type ManyAddresses = Address & Required<Pick<Address, 'ipOf' | 'portOf'>>;

/** As many addresses as there are. */
const EVERY_ADDRESS = 0x7fff_ffff;

/** Places without an address of their own behind one router: unused ports begin here. */
const FIRST_PORT = 1024;
const PORTS = 64_512;
/** First octets that are given: 11 to 110, none of which is private, loopback or multicast (RFC 6890). */
const FIRST_OCTET = 11;
const OCTETS = 100;

/** Scatters a number over 32 bits (the finalizer of MurmurHash3, Appleby 2011). */
function scattered(number: number): number {
  let hash = number | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * So many addresses behind one router, each packet from the next of them, in no order; every packet of the same number has
 * the same one.
 */
export function scatteredAddress(router: Address, salt: number, addresses = EVERY_ADDRESS): ManyAddresses {
  const hashOf = (number: number): number => scattered((number % addresses) ^ Math.imul(salt + 1, 0x9e37_79b1));
  return {
    ...router,
    ipOf(number) {
      const hash = hashOf(number);
      return (((FIRST_OCTET + ((hash >>> 24) % OCTETS)) << 24) | (hash & 0xff_ffff)) >>> 0;
    },
    portOf: (number) => FIRST_PORT + (scattered(hashOf(number) ^ number) % PORTS),
  };
}

/** The same address, and one port after the other: the first, so many of them, and the first again. */
export function sweptPorts(address: Address, ports: number): Address {
  return { ...address, portOf: (number) => 1 + (number % ports) };
}

/** Clients behind one router: an address and a port of its own for each. */
export function clientAddresses(router: Address, salt: number): Address {
  const { ipOf, portOf } = scatteredAddress(router, salt);
  return {
    ...router,
    ipOf: (packet) => ipOf(packet >>> FRAME_BITS),
    portOf: (packet) => portOf(packet >>> FRAME_BITS),
  };
}
