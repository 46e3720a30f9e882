import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Team } from '../../src/teams/team.ts';
import type { TeamRules } from '../../src/teams/team-rules.ts';

const rules = (more: Partial<TeamRules> = {}): TeamRules => ({
  name: 'team',
  active: [0, 1],
  standby: [],
  minLinks: 0,
  failback: true,
  holdDownUs: 0,
  primary: undefined,
  reselect: 'always',
  priority: new Map(),
  ...more,
});

/** A team and the members' links. */
function given(more: Partial<TeamRules> = {}, speeds: readonly number[] = []) {
  const down = new Set<number>();
  const team = new Team(rules(more), { usable: (nic) => !down.has(nic), speedBps: (nic) => speeds[nic] ?? 1e9 });
  team.settle(0);
  return {
    team,
    fail: (nic: number, nowUs = 0) => {
      down.add(nic);
      return team.settle(nowUs);
    },
    heal: (nic: number, nowUs = 0) => {
      down.delete(nic);
      return team.settle(nowUs);
    },
  };
}

describe('a team', () => {
  it('has its active members serve, in failover order', () => {
    expect(given({ active: [2, 0], standby: [1] }).team.serving).toEqual([2, 0]);
  });

  it('gives the place of a failed member to the next standby, and back', () => {
    const { team, fail, heal } = given({ active: [0], standby: [1, 2] });
    expect(fail(0)).toBe(true);
    expect(team.serving).toEqual([1]);
    fail(1);
    expect(team.serving).toEqual([2]);
    heal(1);
    expect(team.serving).toEqual([1]);
    heal(0);
    expect(team.serving).toEqual([0]);
  });

  it('without failback leaves a member that came back in reserve until another one fails', () => {
    const { team, fail, heal } = given({ active: [0], standby: [1], failback: false });
    fail(0);
    expect(heal(0)).toBe(false);
    expect(team.serving).toEqual([1]);
    fail(1);
    expect(team.serving).toEqual([0]);
  });

  it('without failback leaves a place of two vacant rather than move traffic', () => {
    const { team, fail, heal } = given({ failback: false });
    fail(0);
    expect(heal(0)).toBe(false);
    expect([team.serving, team.waiting]).toEqual([[1], [0]]);
    fail(1);
    expect(team.serving).toEqual([0]);
  });

  it('keeps a member that came back on hold for the hold-down', () => {
    const { team, fail, heal } = given({ holdDownUs: 1e6 });
    fail(0, 1000);
    heal(0, 2000);
    expect([team.serving, team.nextDueUs]).toEqual([[1], 1_002_000]);
    expect(team.settle(1_001_999)).toBe(false);
    expect(team.settle(1_002_000)).toBe(true);
    expect([team.serving, team.nextDueUs]).toEqual([[1, 0], Number.POSITIVE_INFINITY]);
  });

  it('lets a member on hold serve when nobody else can', () => {
    const { team, fail, heal } = given({ holdDownUs: 1e6 });
    fail(0);
    heal(0);
    fail(1, 10);
    expect(team.serving).toEqual([0]);
  });

  it('moves once, however long a link flaps within the hold-down', () => {
    const { team, fail, heal } = given({ active: [0], standby: [1], holdDownUs: 1e6 });
    let moves = 0;
    for (let ms = 0; ms < 10_000; ms += 100) moves += Number((ms % 200 === 0 ? fail : heal)(0, ms * 1000));
    expect([moves, team.serving]).toEqual([1, [1]]);
  });

  it('counts as down with fewer members than its minimum of links', () => {
    const { team, fail, heal } = given({ minLinks: 2 });
    fail(1);
    expect([team.serving, team.current]).toEqual([[], undefined]);
    heal(1);
    expect(team.serving).toEqual([0, 1]);
  });

  it.each([
    ['always', 2, 1],
    ['better', 0, 0],
    ['failure', 0, 0],
  ] as const)(
    'with priorities 0, 10 and 11, primary 1 and reselect %s goes as Linux does',
    (reselect, second, last) => {
      const priority = new Map([
        [1, 10],
        [2, 11],
      ]);
      const { team, fail, heal } = given({ active: [0, 1, 2], primary: 1, reselect, priority });
      const seen = [team.current];
      fail(1);
      seen.push(team.current);
      fail(2);
      seen.push(team.current);
      heal(2);
      seen.push(team.current);
      heal(1);
      seen.push(team.current);
      expect(seen).toEqual([1, 2, 0, second, last]);
      fail(seen.at(-1) as number);
      expect(team.current).toBe(last === 1 ? 2 : 1);
    },
  );

  it('with reselect better returns to a primary that is faster', () => {
    const { team, fail, heal } = given({ primary: 1, reselect: 'better' }, [1e9, 1e10]);
    fail(1);
    heal(1);
    expect(team.current).toBe(1);
  });

  it('puts a newly named primary first at once, and leaves it there when it is primary no more', () => {
    const { team } = given({ reselect: 'failure' });
    expect(team.setRules(rules({ primary: 1, reselect: 'failure' }), 0)).toBe(true);
    expect(team.current).toBe(1);
    expect(team.setRules(rules({ reselect: 'failure' }), 0)).toBe(false);
    expect(team.current).toBe(1);
  });

  it('puts a member first by hand until those that serve change', () => {
    const { team, fail } = given({ active: [0, 1, 2], primary: 0 });
    expect([team.setCurrent(1), team.setCurrent(7)]).toEqual([true, false]);
    team.settle(5);
    expect(team.current).toBe(1);
    fail(2);
    expect(team.current).toBe(0);
  });

  it('takes a member out, and in again, by rules', () => {
    const { team } = given();
    team.setRules(rules({ active: [1] }), 0);
    expect(team.serving).toEqual([1]);
    team.setRules(rules(), 0);
    expect(team.serving).toEqual([1, 0]);
  });

  it('always serves when a member is usable, by no more than its places, and by usable members alone', () => {
    const anyRules = fc.record({
      active: fc.integer({ min: 1, max: 3 }),
      standby: fc.integer({ min: 0, max: 3 }),
      failback: fc.boolean(),
      holdDownUs: fc.constantFrom(0, 50, 1000),
      reselect: fc.constantFrom('always', 'better', 'failure'),
      primary: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    });
    const event = fc.record({
      nic: fc.integer({ min: 0, max: 5 }),
      up: fc.boolean(),
      afterUs: fc.constantFrom(0, 10, 2000),
    });
    fc.assert(
      fc.property(anyRules, fc.array(event, { maxLength: 40 }), ({ active, standby, ...more }, events) => {
        const up = new Set([0, 1, 2, 3, 4, 5]);
        const all = [0, 1, 2, 3, 4, 5].slice(0, active + standby);
        const team = new Team(rules({ ...more, active: all.slice(0, active), standby: all.slice(active) }), {
          usable: (nic) => up.has(nic),
          speedBps: () => 1e9,
        });
        let nowUs = 0;
        for (const { nic, up: rises, afterUs } of events) {
          if (rises) up.add(nic);
          else up.delete(nic);
          team.settle((nowUs += afterUs));
          const usable = all.filter((member) => up.has(member));
          expect(team.serving.every((member) => usable.includes(member))).toBe(true);
          expect(team.serving.length).toBeLessThanOrEqual(active);
          expect(team.serving.length > 0).toBe(usable.length > 0);
          expect(new Set(team.serving).size).toBe(team.serving.length);
        }
      }),
    );
  });
});
