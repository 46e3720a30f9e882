import { Type } from '@fairlead/sdk';

/** Options of the detector. */
export const spreadOptions = Type.Object(
  {
    targets: Type.Integer({
      default: 500,
      minimum: 1,
      maximum: 1_000_000_000,
      description: 'Addresses and ports that a VM may begin to speak to in a window.',
    }),
    sources: Type.Integer({
      default: 2000,
      minimum: 1,
      maximum: 1_000_000_000,
      description: 'Sources that may begin to speak to a VM in a window, unless half of them go on.',
    }),
  },
  { additionalProperties: false },
);
