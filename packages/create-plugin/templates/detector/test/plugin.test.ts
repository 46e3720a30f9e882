import { conformanceLaws, observed, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin, { MyPlugin } from '../src/index.js';

describe('my-plugin', () => {
  it('raises a signal for the VM that too much comes in for, and is silent when it is over', () => {
    const detector = new MyPlugin(testVms([{}, {}]), { framesPerSecond: 100, graceUs: 10_000 });
    const frame = [new Uint8Array(60)];
    for (let i = 0; i < 30; i++) detector.observe(observed(frame, { vm: 1, nowUs: i }));
    for (let i = 0; i < 90; i++) detector.observe(observed(frame, { direction: 'outbound', nowUs: i }));
    const evidence = { framesPerSecond: 150, limit: 100 };
    expect(detector.judge(200_000)).toEqual([{ kind: 'attack', vm: 1, atUs: 200_000, confidence: 0.75, evidence }]);
    expect(detector.judge(400_000)).toEqual([]);
  });
});

// What the host relies on, tried on scenarios that are drawn from a seed; a failure tells the smallest one.
describe('my-plugin keeps the laws of its kind', () => {
  it.each(conformanceLaws(plugin))('$name', ({ check }) => check());
});
