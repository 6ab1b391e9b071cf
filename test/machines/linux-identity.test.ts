/** What a function's `uevent` says of it: beside the five files of this host that say the same, and any text at all. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseIdentity } from '../../src/machines/linux/identity.js';
import { checkProperty } from '../kept-seeds.js';

const DEVICES = '/sys/bus/pci/devices';

test('is what the files say that have one number each, for every function of this host', (context) => {
  const names = existsSync(DEVICES) ? readdirSync(DEVICES) : [];
  for (const name of names) {
    const text = (file: string) => readFileSync(join(DEVICES, name, file), 'latin1').trim();
    assert.deepEqual(parseIdentity(text('uevent')), {
      vendor: Number(text('vendor')),
      device: Number(text('device')),
      subsystemVendor: Number(text('subsystem_vendor')),
      subsystemDevice: Number(text('subsystem_device')),
      classCode: Number(text('class')),
    });
  }
  context.diagnostic(`${names.length} functions`);
});

test('of a function that is gone, or in other words than the kernel’s, is nothing', () => {
  const nothing = {
    vendor: 0xffff,
    device: 0xffff,
    subsystemVendor: undefined,
    subsystemDevice: undefined,
    classCode: 0,
  };
  for (const text of [
    '',
    '=',
    'PCI_ID=',
    'PCI_ID=8086',
    'PCI_ID=8086:10d3:0',
    'PCI_ID=18086:x',
    'PCI_CLASS=1020000',
  ])
    assert.deepEqual(parseIdentity(text), nothing, text);
});

test('property: a line is found among any others', async () => {
  const word = fc.nat(0xffff);
  await checkProperty(
    'linux: a line is found among any others',
    fc.property(fc.array(fc.string()), fc.array(fc.string()), word, word, (before, after, vendor, device) => {
      const id = [vendor, device]
        .map((number) => number.toString(16).toUpperCase().padStart(4, '0'))
        .join(':');
      const others = (lines: readonly string[]) => lines.filter((line) => !line.includes('PCI_ID='));
      const text = [...others(before), `PCI_ID=${id}`, ...others(after)].join('\n');
      const identity = parseIdentity(text);
      assert.deepEqual([identity.vendor, identity.device], [vendor, device]);
    }),
  );
});
