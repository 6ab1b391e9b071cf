/** Whatever stands in the place of a file that is kept: every reader refuses it by its own code, and waits for nobody. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { hiddenIn } from '../../src/admin/hide/index.js';
import { NameFolder } from '../../src/admin/names/name-folder.js';
import { DevicePolicies } from '../../src/admin/policies/index.js';
import { SettingJournal } from '../../src/admin/settings/index.js';
import { ChangeFolder } from '../../src/change/index.js';
import { appendToRegularFile, NotRegularFileError, readRegularFile } from '../../src/durable/index.js';
import { openMachineFolder } from '../../src/machines/sim/index.js';
import { lockState } from '../../src/owner/index.js';
import { OpenslotError, PciAddress } from '../../src/pci/index.js';
import { FileGuestRecords } from '../../src/pciback/index.js';
import { FileJournal } from '../../src/pool/index.js';
import { FormerProbing } from '../../src/xen/native/kernel-backends.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openslot-regular-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const inTheWay: Readonly<Record<string, (path: string) => void>> = {
  'a FIFO': (path) => {
    assert.equal(spawnSync('mkfifo', [path]).status, 0);
  },
  'a device': (path) => {
    symlinkSync('/dev/zero', path);
  },
  'a folder': (path) => {
    mkdirSync(path);
  },
};

/** Files below the folder, with what reads or writes each, and the code of its refusal. */
const KEPT: readonly (readonly [file: string, use: () => unknown, code: string])[] = [
  ['claims.json', () => new FileJournal(join(folder, 'claims.json')).records(), 'JOURNAL_UNREADABLE'],
  [
    'changes/00000001.change',
    () => new ChangeFolder(join(folder, 'changes')).unfinished(),
    'CHANGE_UNREADABLE',
  ],
  ['sim.guest-7', () => new FileGuestRecords(join(folder, 'sim')).former(), 'GUEST_RECORD_UNREADABLE'],
  [
    'settings/00000001.json',
    () => new SettingJournal(join(folder, 'settings')).records(),
    'SETTING_UNREADABLE',
  ],
  ['hidden.json', () => hiddenIn(join(folder, 'hidden.json')), 'HIDDEN_UNREADABLE'],
  ['names/disk.json', () => new NameFolder(join(folder, 'names')).record('disk'), 'NAMES_UNREADABLE'],
  [
    'policies/8086-10d3.yaml',
    () => new DevicePolicies(join(folder, 'policies')).get({ device: '8086:10d3', subsystem: undefined }),
    'POLICY_FILE',
  ],
  ['machine.yaml', () => openMachineFolder(folder), 'MACHINE_FOLDER'],
  ['bindings.json', () => openMachineFolder(folder), 'MACHINE_FOLDER'],
  [
    'mutations.log',
    async () => {
      using machine = openMachineFolder(folder);
      await machine.drivers.setOverride(new PciAddress(0, 0, 3, 0), 'vfio-pci');
    },
    'MACHINE_FOLDER',
  ],
];

describe('in the place of a file that is kept', () => {
  for (const [what, put] of Object.entries(inTheWay)) {
    for (const [file, use, code] of KEPT)
      test(`${what} is refused, and left as it is: ${file}`, async () => {
        const path = join(folder, file);
        mkdirSync(dirname(path), { recursive: true });
        put(path);
        const before = lstatSync(path).ino;
        await assert.rejects(
          async () => {
            await use();
          },
          (error: unknown) => {
            assert.ok(error instanceof OpenslotError, String(error));
            // The log of changes is told as the file whose change it is.
            const told = file === 'mutations.log' ? join(folder, 'bindings.json') : path;
            assert.deepEqual([error.code, error.evidence['path'] ?? error.evidence['file']], [code, told]);
            assert.match(error.message, new RegExp(`it is ${what}, and no regular file`));
            assert.ok(error.next !== '');
            return true;
          },
        );
        assert.equal(lstatSync(path).ino, before);
      });

    test(`${what} is refused by name, to read and to append`, () => {
      const path = join(folder, 'it');
      put(path);
      assert.throws(() => readRegularFile(path), NotRegularFileError);
      assert.throws(() => {
        appendToRegularFile(path, 'more');
      }, NotRegularFileError);
    });
  }

  test('a FIFO does not keep the lock of the state, nor the record of probing', async () => {
    spawnSync('mkfifo', [join(folder, 'holder'), join(folder, 'probing')]);
    await using _lock = await lockState(folder);
    assert.ok(lstatSync(join(folder, 'holder')).isFile());
    writeFileSync(join(folder, 'autoprobe'), '1\n');
    const probing = new FormerProbing(join(folder, 'probing'), join(folder, 'autoprobe'));
    await probing.stop();
    assert.equal(readRegularFile(join(folder, 'autoprobe'), 'latin1'), '0');
    assert.equal(readRegularFile(join(folder, 'probing'), 'latin1'), '1');
    await probing.putBack();
    assert.equal(readRegularFile(join(folder, 'autoprobe'), 'latin1'), '1');
    assert.ok(!existsSync(join(folder, 'probing')));
  });
});

test('a regular file is read and appended to, through a link, too', () => {
  const path = join(folder, 'it');
  appendToRegularFile(path, 'one\n');
  symlinkSync(path, join(folder, 'link'));
  appendToRegularFile(join(folder, 'link'), 'two\n');
  assert.equal(readRegularFile(join(folder, 'link'), 'utf8'), 'one\ntwo\n');
  assert.deepEqual(readRegularFile(path), Buffer.from('one\ntwo\n'));
});
