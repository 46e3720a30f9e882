import { closeSync, constants, openSync } from 'node:fs';
import { FairleadError, parseMac, type Static } from '@fairlead/sdk';
import { AF_INET, Errno, errno, type Linux, SOCK_CLOEXEC, SOCK_DGRAM } from './linux.ts';
import type { tapOptions } from './options.ts';

/* Numbers from linux/if_tun.h and linux/sockios.h. */
const TUNSETIFF = 0x400454ca;
const TUNSETPERSIST = 0x400454cb;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCSIFMTU = 0x8922;
const SIOCSIFHWADDR = 0x8924;
const IFF_UP = 0x1;
const ARPHRD_ETHER = 1;

const IFNAMSIZ = 16;
const DEVICE = '/dev/net/tun';

/** `struct ifreq`:  0 name (16) │ 16 union: flags u16 / mtu i32 / family u16 and address (24) */
function request(name: string): DataView {
  const bytes = new Uint8Array(40);
  bytes.set(new TextEncoder().encode(name).subarray(0, IFNAMSIZ - 1));
  return new DataView(bytes.buffer);
}

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer);

/**
 * Creates a tap interface, or attaches to one that nobody holds, sets it up, and returns its non-blocking descriptor:
 * each read is a frame that the kernel sends over it, each write one that it receives.
 * @throws FairleadError `FAIRLEAD_ERR_DEVICE_OPEN`, with everything given back.
 */
export function openTap(calls: Linux, options: Static<typeof tapOptions>, where: string): number {
  const fd = openDevice(where);
  const fail = (what: string, mend: string): never => {
    const code = errno();
    const forbidden = code === Errno.EPERM;
    throw new FairleadError('FAIRLEAD_ERR_DEVICE_OPEN', `${what} (errno ${code})`, {
      where,
      mend: forbidden
        ? 'run as root, or give node the capability: setcap cap_net_admin+ep "$(readlink -f "$(command -v node)")"'
        : mend,
    });
  };
  try {
    const attach = request(options.name);
    attach.setUint16(IFNAMSIZ, IFF_TAP | IFF_NO_PI, true);
    if (calls.ioctl(fd, TUNSETIFF, bytesOf(attach)) < 0) {
      fail(`the tap "${options.name}" cannot be had`, ATTACH_MENDS.get(errno()) ?? 'look into the kernel log');
    }
    if (calls.ioctlNumber(fd, TUNSETPERSIST, options.persist ? 1 : 0) < 0)
      fail('TUNSETPERSIST was refused', 'set persist: false');
    setUp(calls, options, fail);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

const ATTACH_MENDS = new Map<number, string>([
  [Errno.EBUSY, 'another program holds it: end that, or choose another name'],
  [Errno.EINVAL, 'an interface of another kind has this name, or it is no name: choose another'],
]);

function setUp(calls: Linux, options: Static<typeof tapOptions>, fail: (what: string, mend: string) => never): void {
  const mac = options.mac === undefined ? undefined : parseMac(options.mac);
  const socket = calls.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    const mtu = request(options.name);
    mtu.setInt32(IFNAMSIZ, options.mtuBytes, true);
    if (calls.ioctl(socket, SIOCSIFMTU, bytesOf(mtu)) < 0)
      fail(`an MTU of ${options.mtuBytes} bytes was refused`, 'lower mtuBytes');
    if (mac !== undefined) {
      const address = request(options.name);
      address.setUint16(IFNAMSIZ, ARPHRD_ETHER, true);
      bytesOf(address).set(mac, IFNAMSIZ + 2);
      if (calls.ioctl(socket, SIOCSIFHWADDR, bytesOf(address)) < 0)
        fail(`the MAC ${options.mac} was refused`, 'choose another');
    }
    if (!options.up) return;
    const flags = request(options.name);
    if (calls.ioctl(socket, SIOCGIFFLAGS, bytesOf(flags)) < 0) fail(`"${options.name}" is gone already`, 'try again');
    flags.setUint16(IFNAMSIZ, flags.getUint16(IFNAMSIZ, true) | IFF_UP, true);
    if (calls.ioctl(socket, SIOCSIFFLAGS, bytesOf(flags)) < 0)
      fail(`"${options.name}" cannot be brought up`, 'set up: false and look');
  } finally {
    calls.close(socket);
  }
}

function openDevice(where: string): number {
  try {
    return openSync(DEVICE, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new FairleadError('FAIRLEAD_ERR_DEVICE_OPEN', `${DEVICE} cannot be opened`, {
      where,
      mend: missing ? 'load the module: modprobe tun' : 'run as root, or give this user the right to read and write it',
      cause,
    });
  }
}
