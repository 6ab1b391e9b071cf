/** Commands killed with SIGKILL before each change of the host's drivers, and after the last one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changesOf, killEverywhere, type Scenario } from './kill-everywhere.js';

const [EDU, NVME, GPIO] = ['01:00.0', '02:00.0', '00:03.0'];

const SCENARIOS: Readonly<Record<string, Omit<Scenario, 'of'>>> = {
  'a claim of three functions': { first: [], words: ['claim', '--for', 'vfio', EDU, NVME, GPIO] },
  'a claim that keeps them without a driver': { first: [], words: ['claim', EDU, NVME] },
  'a release of two functions': {
    first: [
      ['claim', '--for', 'vfio', EDU],
      ['claim', NVME],
    ],
    words: ['release', EDU, NVME],
  },
};

describe('killed before each change of the host, and after the last', () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    test(name, async (t) => {
      const mutations = await changesOf({ ...scenario, of: 'mutation' });
      const kills = await killEverywhere({ ...scenario, of: 'mutation' }, mutations);
      assert.equal(kills, mutations + 1);
      t.diagnostic(`${name}: mutations = ${mutations}, kills = mutations + 1 = ${kills}`);
    });
  }
});
