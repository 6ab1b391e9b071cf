/** Nothing that a guest does, nor its coming and going, leaves anything behind. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Growth } from '../../bench/local/growth-program.js';
import { runProgram } from '../../bench/local/program.js';

const OPERATIONS = 20_000;
const ATTACHES = 60;
/** What the engine compiles and notes meanwhile is more than a megabyte; 200 bytes of each operation would be more than this. */
const OWNER_BYTES = 4 * 2 ** 20;
const GUEST_BYTES = 2 * 2 ** 20;

describe('an embedded host', () => {
  test('holds as much after all of its work as after a tenth', async (context) => {
    const { counts, early, late } = await runProgram<Growth>('growth-program', [
      String(OPERATIONS),
      String(ATTACHES),
    ]);
    assert.equal(counts.attach, ATTACHES);
    for (const [kind, count] of Object.entries(counts)) assert.ok(count > 0, kind);
    const { ownerHeap: ownerBefore, guestHeap: guestBefore, ...openBefore } = early;
    const { ownerHeap, guestHeap, ...open } = late;
    assert.deepEqual(open, openBefore);
    assert.deepEqual([open.domains, open.grants, open.ranges, open.pirqs], [1, 1, 1, 0]);
    const [owner, guest] = [ownerHeap - ownerBefore, guestHeap - guestBefore];
    context.diagnostic(`bytes more than after a tenth: the owner ${owner}, the guest ${guest}`);
    assert.ok(owner < OWNER_BYTES, `the owner holds ${owner} bytes more`);
    assert.ok(guest < GUEST_BYTES, `the guest holds ${guest} bytes more`);
  });
});
