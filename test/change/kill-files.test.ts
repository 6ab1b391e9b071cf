/** A command killed with SIGKILL before each of its calls that change a file, and after the last one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changesOf, killEverywhere, type Scenario } from './kill-everywhere.js';

const HIDE = ['05:00.0', '--for', 'netbsd', '--file', 'boot/boot.cfg'];
const BOOT = { 'boot.cfg': 'menu=Xen:load /netbsd-XEN3_DOM0.gz console=pc;multiboot /xen.gz\n' };

const SCENARIOS: Readonly<Record<string, Omit<Scenario, 'of'>>> = {
  'a claim, its journals and bindings': { first: [], words: ['claim', '01:00.0'] },
  'hide, the file that the boot reads, its copy and the record': {
    first: [],
    boot: BOOT,
    words: ['hide', ...HIDE],
  },
};

describe('killed before each call that changes a file, and after the last', () => {
  for (const [name, rest] of Object.entries(SCENARIOS)) {
    const scenario = { ...rest, of: 'file' } as const;
    test(name, async (t) => {
      const calls = await changesOf(scenario);
      const kills = await killEverywhere(scenario, calls);
      assert.equal(kills, calls + 1);
      t.diagnostic(`${name}: calls that change a file = ${calls}, kills = calls + 1 = ${kills}`);
    });
  }
});
