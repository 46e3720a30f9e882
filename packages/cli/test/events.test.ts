import { EventEmitter } from 'node:events';
import type { Host, MigrationRecord } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { type HappenedEvent, listen } from '../src/live/events.ts';

const RECORD: MigrationRecord = {
  id: 'host-a-1',
  vm: 'web',
  from: 'host-a',
  to: 'host-b',
  direction: 'out',
  state: 'copying',
  by: 'responder',
  cause: 'attack',
  startedUs: 0,
  endedUs: undefined,
  progress: 0.5,
  downtimeMs: undefined,
  outboundFrames: 0,
  inboundFrames: 0,
  rejected: [],
  reason: '',
};

/** What is said of these events of a host. */
function saidOf(...events: readonly (readonly [string, object])[]): [string, boolean][] {
  const host = Object.assign(new EventEmitter(), { nowUs: 0 });
  const said: HappenedEvent[] = [];
  listen(host as unknown as Host, (event) => said.push(event));
  for (const [name, detail] of events) host.emit(name, detail);
  return said.map(({ text, grave }) => [text, grave]);
}

describe('what a running host says of the hosts around it', () => {
  it('is how each migration ended, and nothing while it is under way', () => {
    const done = { state: 'done', endedUs: 9, downtimeMs: 8, outboundFrames: 3, inboundFrames: 4 } as const;
    const rejected = [{ host: 'host-b', why: 'no room' }];
    const refused = { to: '', state: 'refused', endedUs: 9, rejected, reason: 'no host takes it' } as const;
    expect(
      saidOf(
        ['migration', RECORD],
        ['migration', { ...RECORD, ...done }],
        ['migration', { ...RECORD, ...refused }],
        ['migration', { ...RECORD, state: 'unresolved' }],
      ),
    ).toEqual([
      ['migration of VM web from host-a to host-b: done, down for 8 ms, with 3 frames to send and 4 to receive', false],
      ['migration of VM web from host-a: refused: no host takes it; host-b: no room', true],
      ['migration of VM web from host-a to host-b: unresolved', true],
    ]);
  });

  it('is what becomes of the registry, and of VMs that another host has', () => {
    expect(
      saidOf(
        ['cluster', { what: 'out-of-reach', vm: '', message: 'the registry is out of reach' }],
        ['cluster', { what: 'in-reach', vm: '', message: 'the registry is in reach again' }],
      ),
    ).toEqual([
      ['the registry is out of reach', true],
      ['the registry is in reach again', false],
    ]);
  });
});
