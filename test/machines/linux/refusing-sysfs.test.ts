/** A sysfs that refuses, hangs, or does something else than it was told: what is said is true, and so is what is kept. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ChangeFolder, Changes } from '../../../src/change/index.js';
import { LinuxMachine, SysfsDrivers } from '../../../src/machines/linux/index.js';
import { Sysfs } from '../../../src/machines/linux/sysfs.js';
import { OpenslotError, PciAddress } from '../../../src/pci/index.js';
import { FileJournal, Pool } from '../../../src/pool/index.js';
import { MadeDrivers, type WrittenFile } from './made-drivers.js';

const NVME = new PciAddress(0, 0, 8, 0);
const FORMER = { driver: 'nvme', override: undefined };
const CLAIMED = { driver: 'vfio-pci', override: undefined };

/** A host of its own: made drivers, a pool over them, and its journals on disk. */
class RefusingHost implements Disposable {
  readonly kernel = new MadeDrivers(NVME, 'nvme', ['vfio-pci', 'other']);
  readonly journal = new FileJournal(join(this.kernel.root, 'claims.json'));
  readonly folder = new ChangeFolder(join(this.kernel.root, 'changes'));
  readonly drivers = new SysfsDrivers(new Sysfs(this.kernel.root), 20);
  readonly pool = this.anew();

  /** As another process sees it. */
  anew(drivers = this.drivers): Pool {
    const machine = Object.assign(new LinuxMachine({ root: this.kernel.root }), { drivers });
    return new Pool(machine, this.journal, new Changes(this.folder));
  }

  async refused(change: Promise<unknown>): Promise<OpenslotError> {
    const error = await change.then(
      () => undefined,
      (cause: unknown) => cause,
    );
    assert.ok(error instanceof OpenslotError, String(error));
    return error;
  }

  assertFree(): void {
    assert.deepEqual(this.drivers.binding(NVME), FORMER);
    assert.deepEqual([this.journal.records(), this.folder.unfinished()], [[], []]);
  }

  [Symbol.dispose](): void {
    this.kernel.letGo();
    this.kernel[Symbol.dispose]();
  }
}

/** The first write of this kind is answered so, and no other. */
function once(file: WrittenFile, driver: string, answer: string) {
  let isFirst = true;
  return (written: WrittenFile, to: string) => {
    if (!isFirst || written !== file || to !== driver) return undefined;
    isFirst = false;
    return answer as `E${string}`;
  };
}

const CLAIM_WRITES = [
  ['driver_override', 'vfio-pci'],
  ['unbind', 'nvme'],
  ['bind', 'vfio-pci'],
  ['driver_override', 'none'],
] as const;
const RELEASE_WRITES = [
  ['unbind', 'vfio-pci'],
  ['bind', 'nvme'],
] as const;

describe('a refused write', () => {
  for (const errno of ['EBUSY', 'EINVAL', 'EIO', 'ENODEV']) {
    for (const [file, driver] of CLAIM_WRITES)
      test(`${errno} at ${file} ${driver}: nothing is claimed, and the host is as before`, async () => {
        using host = new RefusingHost();
        host.kernel.answer = once(file, driver, errno);
        const { code, message } = await host.refused(host.pool.claim(NVME, 'vfio-pci'));
        assert.equal(code, errno === 'EBUSY' ? 'DRIVER_BUSY' : 'DRIVER_REFUSED');
        assert.match(message, new RegExp(`0000:00:08\\.0, driver ${driver}: ${file}: .*${errno}`));
        host.assertFree();
      });
    for (const [file, driver] of RELEASE_WRITES)
      test(`${errno} at ${file} ${driver}: nothing is released, and it stays claimed`, async () => {
        using host = new RefusingHost();
        await host.pool.claim(NVME, 'vfio-pci');
        host.kernel.answer = once(file, driver, errno);
        const { message } = await host.refused(host.pool.release(NVME));
        assert.match(message, new RegExp(`driver ${driver}: ${file}: .*${errno}`));
        assert.deepEqual(host.drivers.binding(NVME), CLAIMED);
        assert.deepEqual([host.journal.records().length, host.folder.unfinished()], [1, []]);
        assert.equal(host.anew().has(NVME), true);
      });
  }

  test('and its undo, too: it is told what was not put back, and recovered when the reason is gone', async () => {
    using host = new RefusingHost();
    host.kernel.answer = (file) => (file === 'bind' ? 'EIO' : undefined);
    const { code, message, next } = await host.refused(host.pool.claim(NVME, 'vfio-pci'));
    assert.equal(code, 'ROLLBACK_FAILED');
    assert.match(message, /could not be put back: bind it to nvme again: .*EIO/);
    assert.match(next, /openslot recover/);
    assert.equal(host.folder.unfinished().length, 1);
    host.kernel.answer = () => undefined;
    const [recovery] = await host.anew().recover('back');
    assert.equal(recovery?.outcome, 'undone');
    host.assertFree();
  });
});

describe('a write that does not what it says', () => {
  test('bind is accepted and binds nobody', async () => {
    using host = new RefusingHost();
    host.kernel.answer = once('bind', 'vfio-pci', 'nothing');
    const { message } = await host.refused(host.pool.claim(NVME, 'vfio-pci'));
    assert.match(message, /bind was accepted, yet the driver is none/);
    host.assertFree();
  });

  test('unbind is accepted and leaves it bound', async () => {
    using host = new RefusingHost();
    host.kernel.answer = once('unbind', 'nvme', 'nothing');
    const { message } = await host.refused(host.pool.claim(NVME, 'vfio-pci'));
    assert.match(message, /it is still bound after unbind/);
    host.assertFree();
  });

  test('the former driver comes back at once', async () => {
    using host = new RefusingHost();
    host.kernel.answer = (file) =>
      file === 'unbind'
        ? {
            then: () => {
              host.kernel.give(NVME, 'nvme');
            },
          }
        : undefined;
    const { message } = await host.refused(host.pool.claim(NVME, 'vfio-pci'));
    assert.match(message, /it is still bound after unbind/);
    host.assertFree();
  });

  test('another driver takes it between: it is named, keeps it, and nothing is claimed', async () => {
    using host = new RefusingHost();
    host.kernel.answer = (file) =>
      file === 'unbind'
        ? {
            then: () => {
              host.kernel.give(NVME, 'other');
            },
          }
        : undefined;
    const { message } = await host.refused(host.pool.claim(NVME, 'vfio-pci'));
    assert.match(message, /unbound, and other took it at once/);
    assert.deepEqual(host.drivers.binding(NVME), { driver: 'other', override: undefined });
    assert.deepEqual([host.journal.records(), host.folder.unfinished()], [[], []]);
  });

  test('at a release udev is quicker and binds the same driver: it is as wished', async () => {
    using host = new RefusingHost();
    await host.pool.claim(NVME, 'vfio-pci');
    host.kernel.answer = (file, driver) => {
      if (file === 'bind' && driver === 'nvme') host.kernel.give(NVME, 'nvme');
      return undefined;
    };
    await host.pool.release(NVME);
    host.assertFree();
    assert.equal(host.kernel.writes.at(-1), 'bind nvme');
  });

  test('somebody else unbinds at the same moment: it is as wished', async () => {
    using host = new RefusingHost();
    host.kernel.answer = (file, driver) => {
      if (file === 'unbind' && driver === 'nvme') host.kernel.give(NVME, undefined);
      return undefined;
    };
    await host.pool.claim(NVME, 'vfio-pci');
    assert.deepEqual(host.drivers.binding(NVME), CLAIMED);
  });
});

describe('a write that does not end', () => {
  for (const [file, driver] of CLAIM_WRITES)
    test(`${file} ${driver}: nothing more is done to the function, and its change stays to be recovered`, async () => {
      using host = new RefusingHost();
      host.kernel.answer = once(file, driver, 'hangs');
      const { code, message, evidence } = await host.refused(host.pool.claim(NVME, 'vfio-pci'));
      assert.equal(code, 'ROLLBACK_FAILED');
      assert.match(message, new RegExp(`${file}: the kernel has not ended it after 0\\.02 s`));
      assert.ok('rollback' in evidence);
      assert.deepEqual(
        host.kernel.writes.at(-1),
        `${file === 'driver_override' ? 'override' : file} ${driver}`,
      );
      assert.equal(host.folder.unfinished().length, 1);
      const isHeld = host.pool.has(NVME);
      const again = await host.refused(isHeld ? host.pool.release(NVME) : host.pool.claim(NVME, 'vfio-pci'));
      assert.equal(again.code, 'CHANGE_UNFINISHED');
      // It is not ended yet: whoever tries to recover is told the same.
      const [early] = await host.pool.recover('back');
      assert.equal(early?.outcome, 'failed');
      host.kernel.letGo();
      await new Promise(setImmediate);
      const [recovery] = await host.pool.recover('back');
      assert.deepEqual([recovery?.outcome, recovery?.why], ['undone', []]);
      host.assertFree();
    });

  for (const [file, driver] of RELEASE_WRITES)
    test(`${file} ${driver}: the release is not taken back before it has ended, and it is claimed then`, async () => {
      using host = new RefusingHost();
      await host.pool.claim(NVME, 'vfio-pci');
      host.kernel.answer = once(file, driver, 'hangs');
      assert.equal((await host.refused(host.pool.release(NVME))).code, 'ROLLBACK_FAILED');
      assert.equal((await host.pool.recover('back'))[0]?.outcome, 'failed');
      host.kernel.letGo();
      await new Promise(setImmediate);
      const [recovery] = await host.pool.recover('back');
      assert.deepEqual([recovery?.outcome, recovery?.why], ['undone', []]);
      assert.deepEqual(host.drivers.binding(NVME), CLAIMED);
      assert.deepEqual([host.journal.records().length, host.folder.unfinished()], [1, []]);
    });

  test('bind nvme, where nobody had kept it: the release is not taken back before it has ended', async () => {
    using host = new RefusingHost();
    await host.pool.claim(NVME, 'vfio-pci');
    host.kernel.give(NVME, undefined);
    host.kernel.answer = once('bind', 'nvme', 'hangs');
    assert.equal((await host.refused(host.pool.release(NVME))).code, 'ROLLBACK_FAILED');
    assert.equal((await host.pool.recover('back'))[0]?.outcome, 'failed');
    host.kernel.letGo();
    await new Promise(setImmediate);
    assert.equal((await host.pool.recover('back'))[0]?.outcome, 'undone');
    assert.equal(host.drivers.binding(NVME).driver, undefined);
  });

  for (const [file, driver, link] of [
    ['unbind', 'nvme', undefined],
    ['bind', 'vfio-pci', 'vfio-pci'],
  ] as const)
    test(`${file} ${driver}, of which the link tells already: it is not taken for done`, async () => {
      using host = new RefusingHost();
      if (file === 'bind') await host.drivers.unbind(NVME);
      host.kernel.answer = (written) => {
        if (written === file) host.kernel.give(NVME, link);
        return 'hangs';
      };
      const change = () => (file === 'bind' ? host.drivers.bind(NVME, driver) : host.drivers.unbind(NVME));
      assert.equal((await host.refused(change())).code, 'DRIVER_HANGS');
      assert.equal(host.drivers.binding(NVME).driver, link);
      assert.equal((await host.refused(change())).code, 'DRIVER_HANGS');
      host.kernel.letGo();
      await new Promise(setImmediate);
      await change();
    });
});
