/** Attach and detach write what libxl writes: compared with a recording, write by write. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { edu, testdev } from '../function/shapes.js';
import { AttachedHost, spec, target } from './attached-host.js';
import { recordedWrites } from './written.js';

const RECORDING = new URL('../../../test/admin/recordings/libxl-pci.txt', import.meta.url);

test('the first function, one more, and both back: the same writes in the same transactions', async (context) => {
  await using host = await AttachedHost.start({ shapes: [edu(), testdev()] });
  host.written.groups.length = 0;
  host.born(1, { name: 'du' });
  await host.attachments.attach('du', spec('00:05.0'));
  const front = host.front(1);
  await front.connect();
  await front.follow();
  await host.attachments.attach('du', spec('00:06.0'));
  await host.attachments.detach('du', target('00:06.0'));
  await host.attachments.detach('du', target('00:05.0'));
  const own = host.written.groups
    .map((group) => group.filter((written) => !written.includes('/openslot')))
    .filter((group) => group.length > 0);
  const recorded = recordedWrites(readFileSync(RECORDING, 'utf8'), new Set(['c0', 'c3']));
  assert.deepEqual(own, recorded);
  context.diagnostic(`${recorded.flat().length} writes in ${recorded.length} transactions as libxl's`);
  assert.ok(recorded.flat().length > 45, String(recorded.flat().length));
});
