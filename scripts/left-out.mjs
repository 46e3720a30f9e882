// A vitest reporter that says which tests were left out and why: `it.skip` and `ctx.skip('reason')` are silent else.

/** @typedef {import('vitest/node').TestCase} TestCase */

export default class LeftOut {
  /** @type {string[]} */
  #lines = [];

  /** @param {TestCase} test */
  onTestCaseResult(test) {
    const result = test.result();
    if (result.state !== 'skipped') return;
    this.#lines.push(`${test.module.relativeModuleId} > ${test.fullName}: ${result.note ?? 'no reason given'}`);
  }

  onTestRunEnd() {
    for (const line of this.#lines) console.log(`left out: ${line}`);
  }
}
