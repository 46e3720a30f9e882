import { Size, Type } from '@fairlead/sdk';

/** Options of the qemu-stream device. */
export const qemuStreamOptions = Type.Object({
  path: Type.String({
    minLength: 1,
    description: 'Unix socket on which to listen for QEMU, made with mode 0600; at most 106 bytes long.',
  }),
  backlogBytes: Size({
    default: 262_144,
    minimum: 65_536,
    maximum: 67_108_864,
    description: 'Bytes on their way to the guest that its socket has not taken; frames on top wait in the ring.',
  }),
});
