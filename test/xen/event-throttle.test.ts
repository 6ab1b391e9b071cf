/** Pauses of an event channel: none while its events bring something, doubling up to a bound while they do not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventThrottle } from '../../src/xen/event-throttle.js';

test('events that bring something cost nothing, nor do those between them', () => {
  const throttle = new EventThrottle();
  for (let times = 0; times < 1000; times++)
    assert.equal(throttle.after(true) + throttle.after(false) + throttle.after(false), 0);
});

test('pauses double from a millisecond on, are bounded, and end with the first event that brings something', () => {
  const throttle = new EventThrottle();
  for (let round = 0; round < 2; round++) {
    const pauses = Array.from({ length: 10_000 }, () => throttle.after(false)).filter((pause) => pause > 0);
    assert.deepEqual(pauses.slice(0, 9), [1, 2, 4, 8, 16, 32, 64, 128, 128]);
    assert.ok(pauses.length > 9900, `${pauses.length} pauses`);
    assert.equal(Math.max(...pauses), 128);
    assert.equal(throttle.after(true), 0);
  }
});
