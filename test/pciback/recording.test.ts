/** A recorded guest of Linux's own back end, replayed on ours: every answer must be the same. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Command } from '../../src/xen/pciif/index.js';
import { edu, testdev } from '../function/shapes.js';
import { ExportingHost } from './exported.js';

const RECORDING = new URL('../../../test/pciback/recordings/linux-xen-pciback.txt', import.meta.url);

test('replays every operation of the recorded guest', async (context) => {
  await using host = await ExportingHost.start([edu(), testdev()]);
  const { handled: guest } = host;
  const devfn = new Map([
    ['0000:00:05.0', 0],
    ['0000:00:06.0', 8],
  ]);
  let compared = 0;
  let msi = false;
  for (const line of readFileSync(RECORDING, 'utf8').split('\n')) {
    if (/^ +# MSI: /.test(line)) {
      // The first turns MSI on, the second off.
      const reply = guest.operate(msi ? Command.disableMsi : Command.enableMsi, 0);
      assert.equal(reply.error, 0, line);
      msi = !msi;
      continue;
    }
    const match = /^(\S+) ([RW])([124]) +([0-9a-f]+) (?:->|<-) ([0-9a-f]+)$/.exec(line);
    if (match === null) continue;
    const [, name = '', operation, width, offset = '', value = ''] = match;
    const target = devfn.get(name);
    assert.ok(target !== undefined, line);
    const at = parseInt(offset, 16);
    if (operation === 'W') {
      assert.equal(guest.write(target, at, Number(width), parseInt(value, 16)).error, 0, line);
    } else {
      const reply = guest.read(target, at, Number(width));
      assert.deepEqual({ error: reply.error, value: reply.value.toString(16) }, { error: 0, value }, line);
    }
    compared++;
  }
  context.diagnostic(`${compared} operations answered as Linux's xen-pciback answered them`);
  assert.ok(compared > 240);
  assert.deepEqual(guest.faults, []);
  assert.deepEqual(host.platform.mapped, []);
  assert.ok(host.machine.device(edu().address).writes.length > 0);
});
