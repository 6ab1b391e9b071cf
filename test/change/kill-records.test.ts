/** Commands that write records alone, killed with SIGKILL before each of their calls that change a file. */
import { describe } from 'node:test';
import { testKills, type Scenarios } from './kill-everywhere.js';

const POLICY = { 'boot/edu.yaml': 'policy: 1\nallow: []\n' };
/** As driverctl leaves it, which openslot knows nothing of. */
const HELD = {
  'bindings.json': JSON.stringify({
    '0000:01:00.0': { driver: 'vfio-pci', override: 'vfio-pci' },
    '0000:02:00.0': { driver: 'vfio-pci', override: 'vfio-pci' },
  }),
};

const SCENARIOS: Scenarios = {
  'a name is given': { first: [], words: ['name', '02:00.0', 'disk'] },
  'a name is taken to another device': {
    first: [['name', '02:00.0', 'disk']],
    words: ['name', '01:00.0', '--update', 'disk'],
  },
  'a name is removed': { first: [['name', '02:00.0', 'disk']], words: ['name', '--remove', 'disk'] },
  'a policy is kept': { first: [], files: POLICY, words: ['policy', 'set', '01:00.0', 'boot/edu.yaml'] },
  'a policy is removed': {
    first: [['policy', 'set', '01:00.0', 'boot/edu.yaml']],
    files: POLICY,
    words: ['policy', 'remove', '01:00.0'],
  },
  adopt: { first: [], files: HELD, words: ['adopt'] },
  'adopt --give-back': { first: [['adopt']], files: HELD, words: ['adopt', '--give-back'] },
};

describe('killed before each call that changes a file, and after the last', () => {
  testKills('file', SCENARIOS);
});
