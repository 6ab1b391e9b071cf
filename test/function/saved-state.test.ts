/** Saved state: what a guest changed comes back, and no bit is cleared on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { restoreState, saveState } from '../../src/function/index.js';
import { checkProperty } from '../kept-seeds.js';
import { disk } from './shapes.js';
import { StorageMachine } from './storage-machine.js';

test('registers that software sets are saved, status bits are not', () => {
  const machine = new StorageMachine(disk());
  using fn = machine.open(disk().address);
  const names = saveState(fn.config).map(({ name }) => name);
  for (const name of ['header.command', 'header.bar0', 'msix.control', 'pcie.devctl', 'pm.pmcsr']) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(!names.includes('header.status'));
});

test('property: after any writes, restore gives the saved values and leaves write-1-to-clear bits alone', async () => {
  const shape = disk();
  const write = fc.constantFrom(1 as const, 2 as const, 4 as const).chain((width) =>
    fc.tuple(
      fc.constant(width),
      fc.integer({ min: 0, max: 256 / width - 1 }).map((index) => index * width),
      fc.integer({ min: 0, max: 0xffff_ffff }),
    ),
  );
  const property = fc.property(fc.array(write, { maxLength: 30 }), (writes) => {
    const machine = new StorageMachine(shape);
    const { image } = machine.device(shape.address);
    using fn = machine.open(shape.address);
    const saved = saveState(fn.config);
    for (const [width, offset, value] of writes) fn.config.write(offset, width, value);
    const status = image.held('header.status');
    const devsta = image.held('pcie.devsta');
    const pme = image.held('pm.pmcsr') & 0x8000;
    assert.deepEqual(restoreState(fn.config, saved), []);
    for (const { offset, width, mask, value, name } of saved) {
      assert.equal((fn.config.read(offset, width) & mask) >>> 0, (value & mask) >>> 0, name);
    }
    assert.equal(image.held('header.status'), status);
    assert.equal(image.held('pcie.devsta'), devsta);
    assert.equal(image.held('pm.pmcsr') & 0x8000, pme);
  });
  await checkProperty('saved-state: a restore gives what was saved', property);
});
