/** Tests of the follower: one look at a time, none lost, none after the stop. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Follower } from '../../../src/xen/store/index.js';

/** Looks that end when the test says so. */
function looks() {
  const ends: (() => void)[] = [];
  let running = 0;
  const follower = new Follower(async () => {
    assert.equal(++running, 1, 'two looks at once');
    await new Promise<void>((resolve) => ends.push(resolve));
    running--;
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { follower, ends, turn };
}

describe('a follower', () => {
  test('looks once for each wake-up, and once more for any number that come meanwhile', async () => {
    const { follower, ends, turn } = looks();
    let caughtUp = false;
    void follower.wake().then(() => (caughtUp = true));
    await turn();
    assert.equal(ends.length, 1);
    for (let wakeUp = 0; wakeUp < 3; wakeUp++) void follower.wake();
    ends[0]?.();
    await turn();
    assert.equal(ends.length, 2);
    assert.equal(caughtUp, false);
    ends[1]?.();
    await turn();
    assert.equal(caughtUp, true);
    assert.equal(ends.length, 2);
  });

  test('looks again for a wake-up in the turn in which it has caught up', async () => {
    let count = 0;
    const follower = new Follower(() => {
      count++;
      return Promise.resolve();
    });
    await follower.wake();
    void follower.wake();
    await follower.settled();
    assert.equal(count, 2);
  });

  test('begins no look after the stop, and lets the one that runs end', async () => {
    const { follower, ends, turn } = looks();
    void follower.wake();
    await turn();
    void follower.wake();
    follower.stop();
    assert.equal(follower.stopped, true);
    ends[0]?.();
    await follower.settled();
    await follower.wake();
    assert.equal(ends.length, 1);
  });
});
