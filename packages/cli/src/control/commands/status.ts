import { Type } from '@fairlead/sdk';
import { ownManifest } from '../../version.ts';
import { controlCommand } from '../command.ts';

const noArguments = Type.Object({}, { additionalProperties: false });

/** A host as `status` tells of it. */
export interface HostStatus {
  readonly fairlead: string;
  readonly pid: number;
  readonly file: string;
  readonly upSeconds: number;
  readonly workers: number;
  readonly admission: string;
  readonly distribution: string;
  readonly nics: readonly { name: string; state: string; available: boolean; speedBps: number; txFrames: number }[];
  readonly vms: readonly { name: string; state: string; transmittedFrames: number; backlogFrames: number }[];
}

export const statusCommands = [
  controlCommand({
    name: 'status',
    args: noArguments,
    run({ host, name }): HostStatus {
      return {
        fairlead: ownManifest().version,
        pid: process.pid,
        file: name,
        upSeconds: Math.round(host.nowUs / 1e4) / 100,
        workers: host.config.runtime.workers,
        ...host.policies,
        nics: host.nics.list().map(({ name: nic, state, available, speedBps, txFrames }) => {
          return { name: nic, state, available, speedBps, txFrames };
        }),
        vms: host.vms.list().map(({ name: vm, state, transmittedFrames, backlogFrames }) => {
          return { name: vm, state, transmittedFrames, backlogFrames };
        }),
      };
    },
  }),
];
