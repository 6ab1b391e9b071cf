/** How often a thread looks before it sleeps: it learns from what paid off, and tries again now and then. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SpinBudget } from '../../src/xen/spin-budget.js';

const MOST = 3000;

/** Tries until one may look `looks` times, each of them a failure. @returns how many it took. */
function triesUntil(spin: SpinBudget, looks: number): number {
  for (let tries = 1; tries <= 1000; tries++) {
    if (spin.first() >= looks) return tries;
    spin.failed();
  }
  return Infinity;
}

describe('a budget of looks', () => {
  test('is whole at the first try, and gone after a few that failed', () => {
    const spin = new SpinBudget({ most: MOST });
    assert.equal(spin.first(), MOST);
    spin.failed();
    assert.equal(spin.first(), 0);
  });

  test('is what paid off lately, twice and a little more, and never more than the most', () => {
    const spin = new SpinBudget({ most: MOST });
    // The whole try that stands at the beginning.
    spin.first();
    spin.paid(50);
    const after50 = spin.next();
    assert.ok(after50 >= 100 && after50 < 1000, `${after50}`);
    spin.paid(1000);
    assert.ok(spin.next() >= 2000);
    spin.paid(2999);
    assert.equal(spin.next(), MOST);
    spin.failed();
    assert.equal(spin.first(), MOST / 2);
  });

  test('is whole again once in a while, and at once after a long row that paid off', () => {
    const spin = new SpinBudget({ most: MOST });
    assert.equal(triesUntil(spin, MOST), 1);
    spin.failed();
    const tries = triesUntil(spin, MOST);
    assert.ok(tries > 8 && tries < 100, `${tries} tries`);
    for (let call = 0; call < 100; call++) {
      spin.paid(1);
      spin.next();
    }
    spin.failed();
    assert.equal(triesUntil(spin, MOST), 1);
  });

  test('is none where threads never run side by side', () => {
    const spin = new SpinBudget({ most: 0 });
    for (let tries = 0; tries < 100; tries++) {
      assert.equal(spin.first(), 0);
      assert.equal(spin.next(), 0);
    }
  });
});
