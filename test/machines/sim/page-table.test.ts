/** The IOMMU's page table against the plainest model of one: a map of every page. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Iova, PhysicalAddress } from '../../../src/function/index.js';
import { PageTable } from '../../../src/machines/sim/host/page-table.js';
import { checkProperty } from '../../kept-seeds.js';

const PAGE = 4096;
/** Around the ends of lower tables, and far above what 32 bits hold. */
const PAGES = [0, 1, 510, 511, 512, 513, 1023, 1024, 2 ** 40];

const page = fc.tuple(fc.constantFrom(...PAGES), fc.nat(3)).map(([near, more]) => near + more);
const target = fc.nat(2000);
const count = fc.integer({ min: 0, max: 600 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('map'), page, target, count, read: fc.boolean(), write: fc.boolean() }),
  fc.record({ kind: fc.constant('unmap'), page, count }),
  fc.record({ kind: fc.constant('forget'), target, count }),
);

describe('a page table', () => {
  test('property: holds what was mapped last, without what was unmapped or forgotten', async () => {
    const property = fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const table = new PageTable('guest 1', () => undefined);
      const model = new Map<number, number>();
      for (const one of steps) {
        const bytes = one.count * PAGE;
        if ('read' in one) {
          const { read, write } = one;
          const rights = (read ? 1 : 0) + (write ? 2 : 0);
          table.map(iova(one.page), (one.target * PAGE) as PhysicalAddress, bytes, { read, write });
          for (let index = 0; index < one.count; index++)
            model.set(one.page + index, rights === 0 ? 0 : (one.target + index) * 4 + rights);
        } else if ('page' in one) {
          table.unmap(iova(one.page), bytes);
          for (let index = 0; index < one.count; index++) model.delete(one.page + index);
        } else {
          table.forget(one.target * PAGE, bytes);
          for (const [at, entry] of model) {
            const physical = Math.floor(entry / 4);
            if (physical >= one.target && physical < one.target + one.count) model.delete(at);
          }
        }
      }
      for (const near of PAGES)
        for (let at = Math.max(0, near - 2); at < near + 610; at++)
          assert.equal(table.entry(at), model.get(at) ?? 0, `page ${at}`);
    });
    await checkProperty('page-table: holds what was mapped last', property);
  });

  test('refuses what is no page, and what no machine has', () => {
    const table = new PageTable('guest 1', () => undefined);
    const both = { read: true, write: true };
    assert.throws(() => {
      table.map(1n as Iova, 0 as PhysicalAddress, PAGE, both);
    }, RangeError);
    assert.throws(() => {
      table.map(0n as Iova, 1 as PhysicalAddress, PAGE, both);
    }, RangeError);
    assert.throws(() => {
      table.map(0n as Iova, 0 as PhysicalAddress, 1, both);
    }, RangeError);
    assert.throws(() => {
      table.map(0n as Iova, (2 ** 42) as PhysicalAddress, PAGE, both);
    }, RangeError);
  });
});

function iova(number: number): Iova {
  return (BigInt(number) * BigInt(PAGE)) as Iova;
}
