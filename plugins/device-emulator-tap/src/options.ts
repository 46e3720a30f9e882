import { Size, Type } from '@fairlead/sdk';

/** Options of the tap device. */
export const tapOptions = Type.Object({
  name: Type.String({
    pattern: '^[^/:%\\s]{1,15}$',
    description: 'Interface to create; one that exists must be a tap that no program holds.',
  }),
  mtuBytes: Size({
    default: 1500,
    minimum: 68,
    maximum: 65_521,
    description: 'Longest payload of the interface. A frame of it, with its header, must fit a slot of the host.',
  }),
  mac: Type.Optional(
    Type.String({
      description: "MAC address of the interface, as 52:54:00:00:00:01; without it the kernel's random one.",
    }),
  ),
  up: Type.Boolean({ default: true, description: 'Bring the interface up.' }),
  persist: Type.Boolean({ default: false, description: 'Leave the interface there when the host ends.' }),
});
