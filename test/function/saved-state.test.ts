/** Saved state: what a guest changed comes back, and no bit is cleared on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigImage, restoreState, saveState } from '../../src/function/index.js';
import { tableRegisters } from '../../src/machines/sim/device/config-registers.js';
import { header0, msix, pcie, pm } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { disk } from './shapes.js';
import { SimulatedHost } from './simulated-host.js';

test('registers that software sets are saved, status bits are not', () => {
  using machine = new SimulatedHost(disk());
  using fn = machine.open(disk().address);
  const names = saveState(fn.config).map(({ name }) => name);
  for (const name of ['header.command', 'header.bar0', 'msix.control', 'pcie.devctl', 'pm.pmcsr']) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(!names.includes('header.status'));
});

/** Storage in which every status bit that a written 1 clears is set. */
function troubled(): ConfigImage {
  return new ConfigImage({
    size: 256,
    registers: [
      ...tableRegisters(header0, 0, {
        vendor: { initial: 0x1b36 },
        command: { initial: 0x0103 },
        status: { initial: 0xf910 },
        capabilities: { initial: 0x40 },
      }),
      ...tableRegisters(msix, 0x40, { list: { initial: 0x6011 }, control: { initial: 16 } }),
      ...tableRegisters(pm, 0x60, { list: { initial: 0x8001 }, pmcsr: { initial: 0x8008 } }),
      ...tableRegisters(pcie, 0x80, {
        list: { initial: 0x0010 },
        flags: { initial: 0x0092 },
        devctl: { initial: 0x2810 },
        devsta: { initial: 0x000f },
      }),
    ],
  });
}

test('property: after any writes, restore gives the saved values and leaves write-1-to-clear bits alone', async () => {
  const write = fc.constantFrom(1 as const, 2 as const, 4 as const).chain((width) =>
    fc.tuple(
      fc.constant(width),
      fc.integer({ min: 0, max: 256 / width - 1 }).map((index) => index * width),
      fc.integer({ min: 0, max: 0xffff_ffff }),
    ),
  );
  const property = fc.property(fc.array(write, { maxLength: 30 }), (writes) => {
    const config = troubled();
    const saved = saveState(config);
    for (const [width, offset, value] of writes) config.write(offset, width, value);
    const status = config.held('header.status');
    const devsta = config.held('pcie.devsta');
    const pme = config.held('pm.pmcsr') & 0x8000;
    assert.deepEqual(restoreState(config, saved), []);
    for (const { offset, width, mask, value, name } of saved) {
      assert.equal((config.read(offset, width) & mask) >>> 0, (value & mask) >>> 0, name);
    }
    assert.equal(config.held('header.status'), status);
    assert.equal(config.held('pcie.devsta'), devsta);
    assert.equal(config.held('pm.pmcsr') & 0x8000, pme);
  });
  await checkProperty('saved-state: a restore gives what was saved', property);
});
