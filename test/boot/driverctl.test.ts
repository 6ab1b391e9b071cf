/** The files of driverctl: names, the driver that counts, edits, and what the lint tells. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  driverctlAddress,
  driverctlDriver,
  driverctlFile,
  driverctlFileName,
  editText,
  setDriverctlDriver,
  UnwritableValueError,
} from '../../src/boot/index.js';
import { PciAddress } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { lintCodes } from './lint-codes.js';

describe('a file of driverctl', () => {
  test('is named for its function, in the one form that udev looks for', () => {
    const address = new PciAddress(0, 0x0a, 0, 1);
    assert.equal(driverctlFileName(address), 'pci-0000:0a:00.1');
    assert.ok(driverctlAddress('pci-0000:0a:00.1')?.equals(address));
    for (const name of ['0000:0a:00.1', 'pci-0a:00.1', 'pci-0000:0A:00.1', 'pci-0000:0a:00.1.bak', 'pci-x'])
      assert.equal(driverctlAddress(name), undefined, name);
  });

  test('names its driver as the shell substitutes the file', () => {
    const driver = (text: string) => driverctlDriver(text);
    assert.equal(driver('vfio-pci\n'), 'vfio-pci');
    assert.equal(driver('vfio-pci'), 'vfio-pci');
    assert.equal(driver('vfio-pci\n\n'), 'vfio-pci');
    assert.equal(driver('\nvfio-pci \n'), '\nvfio-pci ');
    assert.equal(driver('\n'), undefined);
  });

  test('gets another driver, and its line ends stay', () => {
    const set = (text: string, driver: string) => editText(text, setDriverctlDriver(text, driver));
    assert.equal(set('', 'vfio-pci'), 'vfio-pci\n');
    assert.equal(set('e1000e\n\n', 'vfio-pci'), 'vfio-pci\n\n');
    assert.deepEqual(setDriverctlDriver('vfio-pci', 'vfio-pci'), []);
    for (const driver of ['', 'vfio pci', '../x', 'a\nb'])
      assert.throws(() => setDriverctlDriver('', driver), UnwritableValueError, driver);
  });

  test('whatever stands in it: the lint tells what happens at boot', async () => {
    const codes = (text: string, path?: string) => lintCodes(driverctlFile, text, path);
    assert.deepEqual(codes('vfio-pci\n', '/etc/driverctl.d/pci-0000:0a:00.0'), []);
    assert.deepEqual(codes('none\n'), []);
    assert.deepEqual(codes('vfio-pci\n', '/etc/driverctl.d/0000:0a:00.0'), ['FILE_NAME ""']);
    assert.deepEqual(codes(''), ['FILE_EMPTY ""']);
    assert.deepEqual(codes('\n\n'), ['DRIVER_MISSING "\\n\\n"']);
    assert.deepEqual(codes('# a card\nvfio-pci\n'), ['DRIVER_LINES "vfio-pci"']);
    assert.deepEqual(codes('vfio-pci \n'), ['DRIVER_SPACED " "']);
    assert.deepEqual(codes('/sys/x'), ['DRIVER_NAME "/sys/x"']);
    await checkProperty(
      'driverctl: files of any bytes',
      fc.property(fc.uint8Array(), (bytes) => {
        const text = Buffer.from(bytes).toString('latin1');
        assert.equal(driverctlFile.print(text), text);
        for (const { offset, length } of driverctlFile.lint(text, 'x'))
          assert.ok(offset >= 0 && length >= 0 && offset + length <= text.length);
        const edited = editText(text, setDriverctlDriver(text, 'vfio-pci'));
        assert.equal(driverctlDriver(edited), 'vfio-pci');
      }),
    );
  });
});
