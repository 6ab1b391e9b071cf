/** Functions that vfio-pci has, driven through the machine `linux`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { EDU, openslot } from './machine.js';

const machine = new LinuxMachine();

test('claimed for VFIO, edu answers through its BAR', () => {
  assert.match(openslot('claim', '--for', 'vfio', String(EDU)), /held by vfio-pci/);
  using fn = machine.open(EDU);
  using bar = fn.openRegion(0);
  assert.equal(bar.read32(0), 0x0100_00ed);
});
