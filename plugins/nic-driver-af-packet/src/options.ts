import { Rate, Size, Type } from '@fairlead/sdk';

/** Options of the af-packet driver. */
export const afPacketOptions = Type.Object({
  interface: Type.String({
    pattern: '^[^/:\\s]{1,15}$',
    description: 'Linux interface, as `ip link` names it. It should carry no address of the host.',
  }),
  batch: Type.Integer({
    default: 64,
    minimum: 1,
    maximum: 256,
    description: 'Frames in one system call, at most.',
  }),
  promiscuous: Type.Boolean({
    default: true,
    description: 'Receive frames for every MAC; without it only those for the interface itself reach the VMs.',
  }),
  qdiscBypass: Type.Boolean({
    default: true,
    description:
      "Hand frames to the device past the kernel's traffic control. It then also says when the carrier is gone, so that no frame is lost in a failover.",
  }),
  receiveBufferBytes: Size({
    default: 4_194_304,
    minimum: 65_536,
    maximum: 1_073_741_824,
    description:
      'Received frames that the kernel keeps while the worker is busy, with its own overhead; it drops what comes on top.',
  }),
  speedBps: Rate({
    default: 0,
    description: "Link speed to report in place of the device's own; 0: the device's.",
  }),
});
