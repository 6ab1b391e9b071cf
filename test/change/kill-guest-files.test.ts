/** Commands on files that guests are started from, killed with SIGKILL before each of their calls that change a file. */
import { describe } from 'node:test';
import { testKills, type Scenarios } from './kill-everywhere.js';

const XL = { 'boot/web.cfg': 'name = "web"\npci = [ "0b:00.0" ]\n' };
const LIBVIRT = {
  'boot/web.xml':
    '<domain type="xen">\n  <name>web</name>\n  <devices>\n    <emulator>/bin/true</emulator>\n  </devices>\n</domain>\n',
};

const SCENARIOS: Scenarios = {
  'attach to a file of xl': { first: [], files: XL, words: ['attach', 'xl:boot/web.cfg', '01:00.0@5'] },
  'detach from a file of xl': { first: [], files: XL, words: ['detach', 'xl:boot/web.cfg', '0b:00.0'] },
  'attach to a file of libvirt': {
    first: [],
    files: LIBVIRT,
    words: ['attach', 'libvirt:boot/web.xml', '01:00.0'],
  },
  'detach from a file of libvirt': {
    first: [['attach', 'libvirt:boot/web.xml', '01:00.0']],
    files: LIBVIRT,
    words: ['detach', 'libvirt:boot/web.xml', '01:00.0'],
  },
};

describe('killed before each call that changes a file, and after the last', () => {
  testKills('file', SCENARIOS);
});
