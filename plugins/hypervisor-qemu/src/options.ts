import { Milliseconds, Rate, Size, type Static, Type } from '@fairlead/sdk';

const migrationOptions = Type.Object(
  {
    listen: Type.Optional(
      Type.String({
        pattern: '^(tcp|unix):',
        description: 'Where QEMU listens for a VM that comes: tcp:10.0.0.5:0, or unix:/run/vms/{vm}.migration.',
      }),
    ),
    stallMs: Milliseconds({ default: 10_000, minimum: 1, description: 'Without a byte for so long it is called off.' }),
    totalMs: Milliseconds({ default: 300_000, minimum: 1, description: 'After so long it is called off.' }),
    switchoverMs: Milliseconds({
      default: 5000,
      minimum: 1,
      description: 'The VM stands still for the switchover no longer than this; then the migration is called off.',
    }),
    pollMs: Milliseconds({ default: 50, minimum: 1, description: 'How often QEMU is asked how far it is.' }),
    bandwidthBps: Type.Optional(
      Rate({ minimum: 8, description: 'Most that it sends; what QEMU is set to otherwise.' }),
    ),
    downtimeMs: Type.Optional(
      Milliseconds({ minimum: 1, maximum: 2_000_000, description: 'Downtime that QEMU aims at; its own otherwise.' }),
    ),
    autoConverge: Type.Boolean({
      default: false,
      description: 'QEMU slows a VM that writes faster than its memory is copied.',
    }),
    sharedMemory: Type.Boolean({
      default: false,
      description: 'Both QEMUs map one memory file (share=on): memory is not copied.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'How VMs go to other hosts, and come here.' },
);

/** Options of the QEMU hypervisor. */
export const qemuOptions = Type.Object(
  {
    socket: Type.Optional(
      Type.String({ minLength: 1, description: 'QMP socket of each VM, with {vm} for its name: /run/vms/{vm}.qmp.' }),
    ),
    sockets: Type.Record(Type.String(), Type.String({ minLength: 1 }), {
      default: {},
      description: 'QMP sockets of VMs that the pattern does not fit, by name of the VM.',
    }),
    pidFile: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'What -pidfile of QEMU says, with {vm}; without it, the process that listens on the socket.',
      }),
    ),
    answerMs: Milliseconds({ default: 3000, minimum: 1, description: 'QEMU answers within this, or is given up.' }),
    startMs: Milliseconds({ default: 5000, description: 'How long a QEMU that is not there yet is waited for.' }),
    maxReplyBytes: Size({
      default: 1_048_576,
      minimum: 4096,
      maximum: 67_108_864,
      description: 'What QEMU may send until it answers, events included.',
    }),
    migration: migrationOptions,
  },
  { additionalProperties: false },
);

export type QemuOptions = Static<typeof qemuOptions>;
export type MigrationOptions = Static<typeof migrationOptions>;
