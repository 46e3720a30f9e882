import { Type } from '@fairlead/sdk';

/** What is hashed, as the Linux bonding driver calls it (Documentation/networking/bonding.rst, xmit_hash_policy). */
export const LAYERS = ['src-mac', 'layer2', 'layer2+3', 'layer3+4', 'vlan+src-mac'] as const;
export type Layer = (typeof LAYERS)[number];

/** Options of flow hash. */
export const flowHashOptions = Type.Object(
  {
    layer: Type.Union(
      [
        Type.Literal('src-mac'),
        Type.Literal('layer2'),
        Type.Literal('layer2+3'),
        Type.Literal('layer3+4'),
        Type.Literal('vlan+src-mac'),
      ],
      { default: 'layer3+4', description: 'Which headers make a flow.' },
    ),
    encapsulated: Type.Boolean({
      default: false,
      description: 'Look into IP-in-IP and GRE for the headers of layers 3 and 4.',
    }),
    weighted: Type.Boolean({ default: false, description: 'Give each NIC buckets in proportion to its speed.' }),
  },
  { additionalProperties: false },
);
