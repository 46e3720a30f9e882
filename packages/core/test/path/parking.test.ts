import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARKING_TICK_US, Parking } from '../../src/path/parking.ts';

const VMS = 40;
/** A VM may be woken before its time only when that is further away than this, to be parked again. */
const HORIZON_US = 1023 * PARKING_TICK_US;

function wokenBy(parking: Parking, nowUs: number): number[] {
  const ready = new Int32Array(2);
  parking.advance(nowUs, ready);
  return Array.from({ length: VMS }, (_, vm) => vm).filter((vm) => ((ready[vm >>> 5] >>> (vm & 31)) & 1) === 1);
}

const isParked = (parking: Parking, vm: number): boolean => ((parking.bits[vm >>> 5] >>> (vm & 31)) & 1) === 1;

const steps = fc.array(
  fc.record({
    /** Mostly steps of a sweep or so; sometimes the clock leaps. */
    forUs: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 300 }) },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 70_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 10_000_000 }) },
    ),
    park: fc.array(fc.tuple(fc.integer({ min: 0, max: VMS - 1 }), fc.integer({ min: -100, max: 80_000 })), {
      maxLength: 6,
    }),
  }),
  { maxLength: 60 },
);

describe('the wheel of parked VMs', () => {
  it('wakes each VM once, never before its time and never later than one tick behind it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), steps, (startUs, list) => {
        const parking = new Parking(VMS);
        const due = new Map<number, { dueUs: number; parkedUs: number }>();
        let nowUs = startUs;
        for (const { forUs, park } of list) {
          nowUs += forUs;
          for (const vm of wokenBy(parking, nowUs)) {
            const { dueUs = Number.POSITIVE_INFINITY, parkedUs = Number.POSITIVE_INFINITY } = due.get(vm) ?? {};
            expect(nowUs).toBeGreaterThanOrEqual(Math.min(dueUs, parkedUs + HORIZON_US - PARKING_TICK_US));
            due.delete(vm);
          }
          for (const { dueUs, parkedUs } of due.values()) {
            expect(nowUs).toBeLessThan(Math.max(dueUs, parkedUs) + PARKING_TICK_US);
          }
          for (const [vm, afterUs] of park) {
            if (due.has(vm)) continue;
            parking.park(vm, nowUs + afterUs, nowUs);
            due.set(vm, { dueUs: nowUs + afterUs, parkedUs: nowUs });
          }
          expect(parking.parked).toBe(due.size);
          for (let vm = 0; vm < VMS; vm++) expect(isParked(parking, vm)).toBe(due.has(vm));
        }
      }),
    );
  });

  it('says when to look again: at a time when a VM wakes, and not a tick before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 60_000 }), (startUs, afterUs) => {
        const parking = new Parking(VMS);
        wokenBy(parking, startUs);
        parking.park(3, startUs + afterUs, startUs);
        const nextUs = parking.nextDueUs();
        expect(wokenBy(parking, nextUs - 1)).toEqual([]);
        expect(wokenBy(parking, nextUs)).toEqual([3]);
        expect(parking.nextDueUs()).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });

  it.each([
    ['the time of one VM', 10_000, [5]],
    ['the whole wheel', 10_000_000, [5, 6]],
  ])('wakes those that are due when the clock leaps over %s', (_, leapUs, expected) => {
    const parking = new Parking(VMS);
    parking.park(5, 1000, 0);
    parking.park(6, 50_000, 0);
    expect(wokenBy(parking, leapUs)).toEqual(expected);
  });

  it('wakes a VM that is to wait for ever at the end of the wheel, to be parked again', () => {
    const parking = new Parking(VMS);
    parking.park(7, Number.POSITIVE_INFINITY, 0);
    expect(wokenBy(parking, HORIZON_US - 1)).toEqual([]);
    expect(wokenBy(parking, HORIZON_US)).toEqual([7]);
  });

  it('does not mind a clock that runs back', () => {
    const parking = new Parking(VMS);
    parking.park(1, 5000, 4000);
    expect(wokenBy(parking, 100)).toEqual([]);
    expect(wokenBy(parking, 5056)).toEqual([1]);
  });
});
