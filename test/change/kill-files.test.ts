/** A claim, and commands on files of the boot, killed with SIGKILL before each of their calls that change a file. */
import { describe } from 'node:test';
import { testKills, type Scenarios } from './kill-everywhere.js';

const NETBSD = ['05:00.0', '--for', 'netbsd', '--file', 'boot/boot.cfg'];
const DRIVERCTL = ['01:00.0', '02:00.0', '--for', 'vfio', '--file', 'boot/driverctl.d'];
const BOOT = { 'boot/boot.cfg': 'menu=Xen:load /netbsd-XEN3_DOM0.gz console=pc;multiboot /xen.gz\n' };

const SCENARIOS: Scenarios = {
  'a claim, its journals and bindings': { first: [], words: ['claim', '01:00.0'] },
  'hide, the file that the boot reads, its copy and the record': {
    first: [],
    files: BOOT,
    words: ['hide', ...NETBSD],
  },
  'hide in a file for each function': { first: [], words: ['hide', ...DRIVERCTL] },
  unhide: { first: [['hide', ...NETBSD]], files: BOOT, words: ['unhide', ...NETBSD] },
  'unhide, and the files go': { first: [['hide', ...DRIVERCTL]], words: ['unhide', ...DRIVERCTL] },
};

describe('killed before each call that changes a file, and after the last', () => {
  testKills('file', SCENARIOS);
});
