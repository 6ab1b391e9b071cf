/** The index of watches: the same watches, in the same order, as a look at all of them would find. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isAtOrBelow } from '../../../../src/xen/store/index.js';
import { WatchIndex, type Watch } from '../../../../src/xen/store/server/watches.js';
import { checkProperty } from '../../../kept-seeds.js';

const name = fc
  .array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 4 })
  .map((parts) => (parts.length === 0 ? '/' : parts.map((part) => `/${part}`).join('')));

describe('the index of watches', () => {
  it('finds those of a name and above it, the oldest first, whatever came and went', async () => {
    const step = fc.record({ add: fc.boolean(), name, which: fc.nat() });
    await checkProperty(
      'store-watches: as a look at all',
      fc.property(fc.array(step, { maxLength: 40 }), name, (steps, changed) => {
        const index = new WatchIndex<string>();
        const all: Watch<string>[] = [];
        for (const { add, name: at, which } of steps) {
          if (add || all.length === 0) all.push(index.add('somebody', at, `t${which}`, ''));
          else for (const gone of all.splice(which % all.length, 1)) index.remove(gone);
        }
        assert.deepEqual(
          [...index.above(changed)],
          all.filter((watch) => isAtOrBelow(changed, watch.name)),
        );
        assert.deepEqual(
          [...index.at(changed)],
          all.filter((watch) => watch.name === changed),
        );
      }),
    );
  });

  it('may lose watches while it is walked through', () => {
    const index = new WatchIndex<string>();
    const [one, two, three] = ['/a', '/a', '/'].map((at, number) =>
      index.add('somebody', at, String(number), ''),
    );
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    const seen: string[] = [];
    for (const { token } of index.at('/a')) {
      seen.push(token);
      index.remove(two);
    }
    assert.deepEqual(seen, ['0']);
    index.remove(one);
    index.remove(three);
    assert.deepEqual([...index.above('/a/b')], []);
  });
});
