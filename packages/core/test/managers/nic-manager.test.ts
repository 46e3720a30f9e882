import type { LinkStatus, NicDriver } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import type { HostConfig } from '../../src/config.ts';
import { NicManager } from '../../src/managers/nic-manager.ts';
import { Arena } from '../../src/memory/arena.ts';
import { TeamManager } from '../../src/teams/team-manager.ts';
import { teamPlans } from '../../src/teams/team-plan.ts';
import { filledArena } from '../given/arena.ts';

class HandLink implements NicDriver {
  status: LinkStatus = { up: true, speedBps: 1e9 };
  failing = false;

  link(): LinkStatus {
    if (this.failing) throw new Error('no answer');
    return this.status;
  }

  set up(up: boolean) {
    this.status = { ...this.status, up };
  }

  send(): number {
    return 0;
  }

  receive(): number {
    return 0;
  }
}

type Role = 'active' | 'standby' | 'unused';

function given(roles: readonly Role[], monitor: Partial<HostConfig['monitor']> = {}) {
  const handle = filledArena({ nics: roles.length });
  const arena = new Arena(handle, 1);
  const links = roles.map(() => new HandLink());
  const changes: string[] = [];
  const config = {
    nics: roles.map((role, i) => ({ name: `nic${i}`, role, priority: 0 })),
    monitor: { linkPollMs: 10, upDelayMs: 0, downDelayMs: 0, ...monitor },
  } as HostConfig;
  const teams = new TeamManager(arena, teamPlans(config), undefined, () => undefined);
  const manager = new NicManager(arena, links, config.monitor, teams, (nic, state, cause) =>
    changes.push(`${nic} ${state}: ${cause}`),
  );
  let nowUs = 0;
  return {
    manager,
    links,
    changes,
    arena,
    /** The worker's view: it writes what waits on a queue. */
    worker: new Arena(handle, 0),
    available: () => roles.map((_, nic) => nic).filter((nic) => (arena.threads.available >>> nic) & 1),
    /** Lets time go by in steps of `stepMs`. */
    wait(forMs: number, stepMs = 10): void {
      for (let ms = 0; ms < forMs; ms += stepMs) manager.poll((nowUs += stepMs * 1000));
    },
  };
}

describe('the NIC manager', () => {
  it('takes the links as they are when the drivers are open', () => {
    const { manager, links, available } = given(['active', 'active']);
    links[1].up = false;
    manager.refresh();
    expect(available()).toEqual([0]);
    expect(manager.list().map(({ name, state, carrier, available: chosen }) => [name, state, carrier, chosen])).toEqual(
      [
        ['nic0', 'up', true, true],
        ['nic1', 'down', false, false],
      ],
    );
    expect(manager.capacityBps).toBe(1e9);
  });

  it('asks the drivers no more often than it is told to', () => {
    const { manager, links, available, wait } = given(['active']);
    manager.refresh();
    wait(20);
    links[0].up = false;
    wait(9, 3);
    expect(available()).toEqual([0]);
    wait(1, 1);
    expect(available()).toEqual([]);
  });

  it('leaves a NIC when its link has been down for the down delay, and not before', () => {
    const { manager, links, available, wait, changes } = given(['active', 'active'], { downDelayMs: 50 });
    manager.refresh();
    wait(10);
    links[0].up = false;
    wait(50);
    expect(available()).toEqual([0, 1]);
    wait(10);
    expect(available()).toEqual([1]);
    expect(changes).toEqual(['0 down: link down']);
  });

  it('takes no notice of a link that goes down and comes back within the delay', () => {
    const { manager, links, available, wait, changes } = given(['active', 'active'], { downDelayMs: 50 });
    manager.refresh();
    for (let flap = 0; flap < 5; flap++) {
      links[0].up = false;
      wait(40);
      links[0].up = true;
      wait(10);
    }
    expect([available(), changes]).toEqual([[0, 1], []]);
  });

  it('uses a NIC again when its link has been up for the up delay', () => {
    const { manager, links, available, wait, changes } = given(['active', 'active'], { upDelayMs: 100 });
    links[0].up = false;
    manager.refresh();
    links[0].up = true;
    wait(100);
    expect(available()).toEqual([1]);
    wait(10);
    expect([available(), changes]).toEqual([[0, 1], ['0 up: link up']]);
  });

  it('does not wait for the delays while there is no other NIC to use', () => {
    const { manager, links, available, wait, changes } = given(['active'], { upDelayMs: 100, downDelayMs: 100 });
    manager.refresh();
    links[0].up = false;
    wait(10);
    links[0].up = true;
    wait(10);
    expect([available(), changes]).toEqual([[0], ['0 down: link down', '0 up: link up']]);
  });

  it('follows the speed of a link', () => {
    const { manager, links, wait } = given(['active', 'active']);
    manager.refresh();
    links[1].status = { up: true, speedBps: 25e9 };
    wait(10);
    expect([manager.status('nic1').speedBps, manager.capacityBps]).toEqual([25e9, 26e9]);
  });

  it('names the NICs there are when it is asked for another', () => {
    const { manager } = given(['active', 'standby']);
    expect(() => manager.status('eth0')).toThrow(
      expect.objectContaining({ code: 'FAIRLEAD_ERR_UNKNOWN_NIC', mend: 'use one of: nic0, nic1' }),
    );
  });
});

describe('a standby NIC', () => {
  it('serves while an active one is down, one for each, in order', () => {
    const { manager, links, available, wait } = given(['active', 'standby', 'active', 'standby', 'unused']);
    manager.refresh();
    expect(available()).toEqual([0, 2]);
    links[0].up = false;
    wait(10);
    expect(available()).toEqual([1, 2]);
    links[2].up = false;
    wait(10);
    expect(available()).toEqual([1, 3]);
    links[0].up = true;
    wait(10);
    expect(available()).toEqual([0, 1]);
    links[2].up = true;
    wait(10);
    expect(available()).toEqual([0, 2]);
  });

  it('that is down itself is passed over', () => {
    const { manager, links, available, wait } = given(['active', 'standby', 'standby']);
    links[1].up = false;
    manager.refresh();
    links[0].up = false;
    wait(10);
    expect(available()).toEqual([2]);
  });

  it('never serves when it is unused', () => {
    const { manager, links, available, wait } = given(['active', 'unused']);
    manager.refresh();
    links[0].up = false;
    wait(10);
    expect(available()).toEqual([]);
  });
});

describe('an operator', () => {
  it('takes a NIC out of service and puts it back', () => {
    const { manager, available, changes } = given(['active', 'active']);
    manager.refresh();
    manager.setAdmin('nic1', false);
    expect([available(), manager.status('nic1').admin]).toEqual([[0], false]);
    manager.setAdmin('nic1', true);
    expect(available()).toEqual([0, 1]);
    expect(changes).toEqual(['1 down: disabled by the operator', '1 up: enabled by the operator']);
  });

  it('enables a NIC whose link is down, and it serves when the link is up', () => {
    const { manager, links, available, wait } = given(['active']);
    manager.refresh();
    manager.setAdmin('nic0', false);
    links[0].up = false;
    wait(10);
    manager.setAdmin('nic0', true);
    expect(available()).toEqual([]);
    links[0].up = true;
    wait(10);
    expect(available()).toEqual([0]);
  });
});

describe('a driver that failed', () => {
  it('keeps its NIC down, whatever its link says, until an operator enables it', () => {
    const { manager, links, available, wait, changes } = given(['active', 'active']);
    manager.refresh();
    manager.driverFailed(0, 'send() threw: broken');
    manager.driverFailed(0, 'send() threw: broken');
    links[0].up = false;
    wait(10);
    links[0].up = true;
    wait(100);
    expect(available()).toEqual([1]);
    expect(changes).toEqual(['0 down: send() threw: broken']);
    manager.setAdmin('nic0', true);
    expect(available()).toEqual([0, 1]);
  });

  it('by not telling its link is taken for down, and the others are asked on', () => {
    const { manager, links, available, wait, changes } = given(['active', 'active']);
    manager.refresh();
    links[0].failing = true;
    links[1].up = false;
    wait(50);
    expect(available()).toEqual([]);
    expect(changes).toEqual(['0 down: link() threw: no answer', '1 down: link down']);
    links[0].failing = false;
    links[1].up = true;
    wait(50);
    expect(available()).toEqual([1]);
    manager.setAdmin('nic0', true);
    expect(available()).toEqual([0, 1]);
  });

  it('by not telling its link at the start is down from the start', () => {
    const { manager, links, available } = given(['active', 'active']);
    links[1].failing = true;
    manager.refresh();
    expect(available()).toEqual([0]);
  });
});

describe('the failover flag', () => {
  it('is up from the moment the NIC goes down until nothing waits on its queue', () => {
    const { manager, links, worker, wait } = given(['active', 'active']);
    manager.refresh();
    wait(10);
    worker.nics.pendingFrames[0] = 3;
    links[0].up = false;
    wait(10);
    expect([manager.status('nic0').failover, manager.status('nic1').failover]).toEqual([true, false]);
    wait(50);
    expect(manager.status('nic0').failover).toBe(true);
    worker.nics.pendingFrames[0] = 0;
    wait(10);
    expect(manager.status('nic0').failover).toBe(false);
  });

  it('is down again when the NIC serves again, though its queue is never empty', () => {
    const { manager, links, worker, wait } = given(['active', 'active']);
    manager.refresh();
    worker.nics.pendingFrames[0] = 3;
    links[0].up = false;
    wait(10);
    links[0].up = true;
    wait(10);
    expect(manager.status('nic0').failover).toBe(false);
  });

  it('stays down for a NIC that was not in use', () => {
    const { manager, links, worker, wait } = given(['active', 'standby']);
    manager.refresh();
    worker.nics.pendingFrames[1] = 3;
    links[1].up = false;
    wait(10);
    expect(manager.status('nic1').failover).toBe(false);
  });
});
