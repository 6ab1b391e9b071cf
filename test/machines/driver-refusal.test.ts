/** Why a driver was not bound or let go, by what the kernel answers in sysfs; and a write that the kernel does not end. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { refusalCause } from '../../src/machines/linux/driver-refusal.js';
import { SysfsDrivers } from '../../src/machines/linux/index.js';
import { Sysfs } from '../../src/machines/linux/sysfs.js';
import { OpenslotError, PciAddress } from '../../src/pci/index.js';

const NVME = new PciAddress(0, 0, 8, 0);
const root = mkdtempSync(join(tmpdir(), 'openslot-sysfs-'));
after(() => {
  rmSync(root, { recursive: true });
});

test('an errno is told by its cause', () => {
  const free = { driver: undefined, override: undefined };
  const cause = (errno: string, driver = 'vfio-pci', now: Parameters<typeof refusalCause>[3] = free) =>
    refusalCause('bind', errno, driver, now);
  assert.match(cause('EINVAL') ?? '', /no IOMMU group/);
  assert.match(cause('EINVAL', 'e1000e') ?? '', /probe refused/);
  assert.match(cause('ENODEV') ?? '', /does not know this device/);
  assert.match(cause('ENODEV', 'e1000e', { ...free, override: 'vfio-pci' }) ?? '', /lets only vfio-pci/);
  assert.match(cause('EBUSY', 'e1000e', { ...free, driver: 'nvme' }) ?? '', /nvme has it/);
  assert.equal(refusalCause('unbind', 'EIO', 'nvme', free), undefined);
});

test('a driver that does not let go is given up after a bound, and who can be asked is named', async () => {
  const device = join(root, 'devices', String(NVME));
  mkdirSync(device, { recursive: true });
  mkdirSync(join(root, 'drivers', 'nvme'), { recursive: true });
  symlinkSync(join(root, 'drivers', 'nvme'), join(device, 'driver'));
  writeFileSync(join(device, 'driver_override'), '(null)\n');
  // Nobody reads: whoever opens it for writing waits, as for a driver that waits for its users.
  const unbind = join(root, 'drivers', 'nvme', 'unbind');
  execFileSync('mkfifo', [unbind]);
  const drivers = new SysfsDrivers(new Sysfs(root), 20);
  await assert.rejects(drivers.unbind(NVME), (error: unknown) => {
    assert.ok(error instanceof OpenslotError && error.code === 'DRIVER_HANGS');
    assert.match(error.message, /unbind: the kernel has not ended it after 0\.02 s/);
    assert.match(error.next, /openslot show 0000:00:08\.0/);
    return true;
  });
  closeSync(openSync(unbind, 'r+'));
});
