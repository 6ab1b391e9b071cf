/** A command killed with SIGKILL before each of its calls that change a file, and after the last one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOf, killEverywhere } from './kill-everywhere.js';

test('a claim, its journals and bindings', async (t) => {
  const scenario = { first: [], words: ['claim', '01:00.0'], of: 'file' } as const;
  const calls = await changesOf(scenario);
  const kills = await killEverywhere(scenario, calls);
  assert.equal(kills, calls + 1);
  t.diagnostic(`a claim: calls that change a file = ${calls}, kills = calls + 1 = ${kills}`);
});
