/** A million hostile operations: every one is answered as it must be, and two honest guests beside them notice nothing. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hostileRun } from '../hostile/hostile-report.js';
import { checkProperty } from '../kept-seeds.js';

const OPERATIONS = 1_000_000;
const KINDS = 12;
const MEBIBYTE = 2 ** 20;

describe('hostile operations', () => {
  test('a million of them: each has its answer, the hardware what it may have, and honest guests their own', async (context) => {
    const million = fc.asyncProperty(fc.nat(0x7fff_ffff), async (seed) => {
      const calm = await hostileRun(seed, 0);
      const attacked = await hostileRun(seed, OPERATIONS);
      context.diagnostic(`seed ${seed}`);
      for (const [kind, { sent, answered, refused, left }] of Object.entries(attacked.kinds))
        context.diagnostic(`${kind}: ${sent} sent, ${answered} answered, ${refused} refused, ${left} left`);
      context.diagnostic(`writes that reached hardware: ${JSON.stringify(attacked.hardwareWrites)}`);
      assert.deepEqual(attacked.findings, []);
      assert.ok(attacked.serviced >= OPERATIONS, `${attacked.serviced} were answered or refused`);
      const kinds = Object.values(attacked.kinds);
      assert.ok(kinds.length >= KINDS, `${kinds.length} kinds`);
      assert.ok(kinds.every(({ sent }) => sent > 0));
      const { sent = 0, left = 0 } = attacked.kinds['events as fast as they go'] ?? {};
      assert.ok(left < sent / 10, `${left} of a storm of ${sent} events were looked at`);
      assert.ok(Object.values(attacked.hardwareWrites).every((count) => count > 0));
      assert.deepEqual(attacked.digests, calm.digests, 'what honest guests saw');
      assert.deepEqual(attacked.honestWrites, calm.honestWrites, 'what reached their functions');
      const { heap: heapBefore, code: codeBefore, ...openBefore } = attacked.early;
      const { heap, code, ...open } = attacked.late;
      context.diagnostic(
        `bytes more than after a tenth: ${heap - heapBefore}, and ${code - codeBefore} of compiled code`,
      );
      assert.deepEqual(open, openBefore);
      assert.ok(Math.abs(heap - heapBefore) < MEBIBYTE, `the owner holds ${heap - heapBefore} bytes more`);
    });
    await checkProperty('hostile-operations: a million', million, { numRuns: 1, endOnFailure: true });
  });
});
