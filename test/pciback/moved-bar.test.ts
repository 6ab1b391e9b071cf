/** BARs that a guest gives other addresses: Linux's own back end lets none through (test/xen-lab/xpci.lab.ts), nor does ours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Header } from '../../src/pci/index.js';
import { disk, edu } from '../function/shapes.js';
import { checkProperty } from '../kept-seeds.js';
import { ExportingHost } from './exported.js';
import { moveBar } from './moved-bar.js';

/** Where the guest's kernel sees room: it is not where anything of the host's is. */
const anyPlace = fc.bigInt({ min: 1n, max: (1n << 39n) - 1n }).map((pages) => pages << 12n);

test('property: a BAR that is moved reads the address from before, and its device is where it was', async () => {
  await checkProperty(
    'pciback: a BAR that is moved reads the address from before, and its device is where it was',
    fc.asyncProperty(
      fc.constantFrom(disk, edu),
      fc.array(anyPlace, { minLength: 1, maxLength: 3 }),
      async (shape, places) => {
        await using host = await ExportingHost.start([shape()]);
        const [exported] = host.exports;
        assert.ok(exported !== undefined);
        const { config } = exported;
        const halves = shape === disk ? [0x10, 0x14] : [0x10];
        const shown = () => halves.map((offset) => config.read(offset, 4));
        // A driver was bound before.
        config.write(Header.command, 2, 0x0006);
        const before = shown();
        const device = host.machine.device(shape().address);
        device.writes.length = 0;
        for (const place of places) assert.deepEqual(moveBar(config, 0x10, place), before);
        assert.deepEqual(device.writes, [], 'it decodes all the time, and no address is written');
        config.write(0x10, 4, 0xffff_ffff);
        assert.equal(config.read(0x10, 4), shape === disk ? 0xffff_c004 : 0xfff0_0000);
        config.write(0x10, 4, 0);
        assert.deepEqual(shown(), before);
        assert.equal(config.read(Header.command, 2), 0x0006);
      },
    ),
  );
});
