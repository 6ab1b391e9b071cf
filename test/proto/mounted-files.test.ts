/** Device files in a real mount: system calls of another process, through the kernel, to the simulated machine. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { unmountAt } from '../../src/os/index.js';
import { PciAddress } from '../../src/pci/index.js';
import {
  FreeFunctions,
  FunctionInUseError,
  MountDirectoryError,
  MountedFiles,
  PROTO_IOC_REGION,
  registerFiles,
  type MountedFilesOptions,
} from '../../src/proto/index.js';
import { until } from '../until.js';
import { CountingMachine } from './counting-machine.js';
import { Client, MountDirectory, run, unmountable } from './mounting.js';
import { fakeSysfs } from './fake-sysfs.js';

const MACHINE = `
drivers: [edu]
roots:
  - bus: 0
    slots:
      - {slot: "03", model: edu, driver: edu}
      - {slot: "04", model: testdev}
      - {slot: "05", model: clearing}
`;
const TESTDEV = new PciAddress(0, 0, 4, 0);
const EDU = new PciAddress(0, 0, 3, 0);

/** A machine whose files are mounted, until the test is over. */
class Mounted implements AsyncDisposable {
  readonly faults: unknown[] = [];
  readonly #directory: MountDirectory;
  readonly sim: SimMachine;
  readonly machine: CountingMachine;
  readonly files: MountedFiles;

  private constructor(
    directory: MountDirectory,
    sim: SimMachine,
    machine: CountingMachine,
    files: MountedFiles,
  ) {
    this.#directory = directory;
    this.sim = sim;
    this.machine = machine;
    this.files = files;
  }

  static async make(options: Partial<MountedFilesOptions> = {}): Promise<Mounted> {
    const directory = new MountDirectory();
    const sim = new SimMachine(parseMachine(MACHINE), { clock: 'manual' });
    const machine = new CountingMachine(sim);
    const faults: unknown[] = [];
    const files = await MountedFiles.mount({
      machine,
      directory: directory.path,
      sources: [registerFiles()],
      onFault: (error) => faults.push(error),
      ...options,
    });
    const mounted = new Mounted(directory, sim, machine, files);
    mounted.faults.push(...faults);
    return mounted;
  }

  path(...names: readonly string[]): string {
    return join(this.files.directory, ...names);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.files[Symbol.asyncDispose]();
    assert.equal(this.machine.opened, 0, 'no function stays open');
    this.machine[Symbol.dispose]();
    this.#directory[Symbol.dispose]();
    assert.deepEqual(this.faults, []);
  }
}

const skip = unmountable;

describe('mounted files', { skip }, () => {
  test('are listed by folder, with their sizes, and belong to who mounted them', async () => {
    await using mounted = await Mounted.make();
    await using client = new Client();
    assert.deepEqual(await client.value({ call: 'list', path: mounted.path() }), [
      'pci0:0:4:0',
      'pci0:0:5:0',
    ]);
    const folder = mounted.path('pci0:0:4:0');
    assert.deepEqual(await client.value({ call: 'list', path: folder }), [
      '10.mem',
      '14.io',
      '18.mem',
      'pcicfg',
    ]);
    const listed = await run('stat', '-c', '%A %s %u %g', mounted.path(), folder, join(folder, '14.io'));
    const [uid, gid] = [process.getuid?.(), process.getgid?.()];
    assert.equal(
      listed.toString(),
      `dr-x------ 0 ${uid} ${gid}\ndr-x------ 0 ${uid} ${gid}\n-rw------- 64 ${uid} ${gid}\n`,
    );
  });

  test('answer pread and pwrite by one access of that width, and by none where they are refused', async () => {
    await using mounted = await Mounted.make();
    await using client = new Client();
    const memory = await client.open(mounted.path('pci0:0:4:0', '10.mem'));
    const counters = await client.open(mounted.path('pci0:0:4:0', '18.mem'));
    mounted.machine.taken();
    for (const width of [1, 2, 4, 8]) {
      const data = 'a1b2c3d4e5f60718'.slice(0, width * 2);
      assert.equal(await client.value({ call: 'write', fd: memory, data, offset: 64 }), width);
      assert.equal(await client.read(memory, 64, width), data);
      assert.deepEqual(mounted.machine.taken(), [`W${width}@10.mem+64`, `R${width}@10.mem+64`]);
    }
    for (const [offset, length, errno] of [
      [0, 3, 'EIO'],
      [0, 4096, 'EIO'],
      [0, 100_000, 'EIO'],
      [4094, 4, 'EIO'],
      [4096, 1, 'EIO'],
      [2, 4, 'EINVAL'],
    ] as const) {
      const call = { fd: memory, offset };
      assert.equal(await client.errno({ ...call, call: 'read', length }), errno);
      assert.equal(await client.errno({ ...call, call: 'write', data: '00'.repeat(length) }), errno);
    }
    assert.deepEqual(mounted.machine.taken(), []);
    // The device's own count: reads and writes of 8, 16, 32 and 64 bits.
    for (const at of [0, 4, 8, 12, 16, 20, 24, 28])
      assert.equal(await client.read(counters, at, 4), '01000000');
  });

  test('are exclusive, also against another process, and free at the last close', async () => {
    await using mounted = await Mounted.make();
    await using first = new Client();
    await using second = new Client();
    const path = mounted.path('pci0:0:4:0', '10.mem');
    const fd = await first.open(path);
    assert.equal(await second.errno({ call: 'open', path }), 'EBUSY');
    await second.open(mounted.path('pci0:0:4:0', '14.io'));
    assert.throws(
      () => mounted.files.giveUp(TESTDEV),
      (error: unknown) => {
        assert.ok(error instanceof FunctionInUseError);
        assert.deepEqual(error.evidence['pids'], [String(first.pid), String(second.pid)]);
        return true;
      },
    );
    await first.value({ call: 'close', fd });
    const again = await second.open(path);
    await second.value({ call: 'close', fd: again });
    // Whose program is killed is as good as closed.
    await second.open(path);
    second.child.kill('SIGKILL');
    await once(second.child, 'exit');
    await until(() => mounted.files.functions.folderOf(TESTDEV)?.holders.length === 0);
    await first.open(path);
  });

  test('tell address and size by ioctl, and know no terminal’s', async () => {
    await using mounted = await Mounted.make();
    await using client = new Client();
    const fd = await client.open(mounted.path('pci0:0:4:0', '10.mem'));
    const region = { call: 'ioctl', fd, request: PROTO_IOC_REGION, argument: '00'.repeat(16) } as const;
    const { result, argument } = await client.value<{ result: number; argument: string }>(region);
    const [info] = mounted.sim.open(TESTDEV).regions;
    assert.equal(result, 0);
    const words = new BigUint64Array(Uint8Array.from(Buffer.from(argument, 'hex')).buffer);
    assert.deepEqual([...words], [info?.address, 4096n]);
    assert.equal(await client.errno({ ...region, request: 0x5401 }), 'ENOTTY');
  });

  test('are never mapped where the machine has no memory for it: no read-ahead reaches a register', async () => {
    await using mounted = await Mounted.make();
    await using client = new Client();
    const fd = await client.open(mounted.path('pci0:0:5:0', '10.mem'));
    mounted.machine.taken();
    assert.equal(await client.errno({ call: 'map', fd, length: 4096, at: 0, value: 1 }), 'ENODEV');
    assert.equal(await client.errno({ call: 'touch', fd, executable: true }), 'EPERM');
    // A private mapping can be made, and its first touch is a signal.
    const ended = once(client.child, 'exit');
    client.child.stdin.write(`${JSON.stringify({ call: 'touch', fd })}\n`);
    const [code, signal] = (await ended) as [number | null, string | null];
    assert.deepEqual([code, signal], [null, 'SIGBUS']);
    assert.deepEqual(mounted.machine.taken(), []);
  });

  test('are truncated in vain, and made, removed and given away never', async () => {
    await using mounted = await Mounted.make();
    await using client = new Client();
    const path = mounted.path('pci0:0:4:0', '10.mem');
    const fd = await client.open(path, constants.O_RDWR | constants.O_TRUNC);
    await client.value({ call: 'truncate', fd });
    assert.equal((await run('stat', '-c', '%s', path)).toString(), '4096\n');
    const create = constants.O_RDWR | constants.O_CREAT;
    assert.equal(await client.errno({ call: 'open', path: mounted.path('new'), flags: create }), 'EPERM');
    assert.equal(await client.errno({ call: 'open', path: mounted.path('pci0:0:4:0', '20.mem') }), 'ENOENT');
    assert.equal(await client.errno({ call: 'open', path: mounted.path('pci0:0:3:0', 'pcicfg') }), 'ENOENT');
    await assert.rejects(run('chmod', '666', path), /chmod/);
    await assert.rejects(run('rm', path), /rm/);
  });

  test('are read and written by dd', async () => {
    await using mounted = await Mounted.make();
    const config = mounted.path('pci0:0:4:0', 'pcicfg');
    assert.equal(
      (await run('dd', `if=${config}`, 'bs=4', 'count=1', 'status=none')).toString('hex'),
      '34120051',
    );
    const base = mounted.path('..', 'value');
    writeFileSync(base, Buffer.from('11223344', 'hex'));
    const memory = mounted.path('pci0:0:4:0', '10.mem');
    // Without conv=notrunc: it truncates a file that it seeks in.
    await run('dd', `if=${base}`, `of=${memory}`, 'bs=4', 'seek=3', 'status=none');
    const back = await run('dd', `if=${memory}`, 'bs=4', 'skip=3', 'count=1', 'status=none');
    assert.equal(back.toString('hex'), '11223344');
    assert.deepEqual(
      mounted.machine.taken().filter((access) => access.includes('mem')),
      ['W4@10.mem+12', 'R4@10.mem+12'],
    );
  });
});

describe('mounted files follow the machine', { skip }, () => {
  test('a device that vanishes under a reader: all ones, then ENXIO, and no folder', async () => {
    await using mounted = await Mounted.make();
    await using client = new Client();
    const path = mounted.path('pci0:0:4:0', '10.mem');
    const fd = await client.open(path);
    mounted.sim.inject(TESTDEV, { fault: 'removed' });
    assert.equal(await client.read(fd, 0, 4), 'ffffffff');
    mounted.files.functions.refresh();
    assert.equal(await client.errno({ call: 'read', fd, length: 4, offset: 0 }), 'ENXIO');
    assert.equal(await client.errno({ call: 'open', path }), 'ENOENT');
    assert.deepEqual(await client.value({ call: 'list', path: mounted.path() }), ['pci0:0:5:0']);
    mounted.sim.clear(TESTDEV, 'removed');
    mounted.files.functions.refresh();
    assert.equal(
      await client.errno({ call: 'read', fd, length: 4, offset: 0 }),
      'ENXIO',
      'it is another device',
    );
    const again = await client.open(path);
    assert.equal(await client.read(again, 0, 4), '00000000');
  });

  test('a folder that somebody stands in is empty when its device has gone', async () => {
    await using mounted = await Mounted.make();
    await using client = new Client();
    await client.value({ call: 'chdir', path: mounted.path('pci0:0:4:0') });
    await client.value({ call: 'close', fd: await client.open('pcicfg') });
    mounted.sim.inject(TESTDEV, { fault: 'removed' });
    mounted.files.functions.refresh();
    assert.equal(await client.errno({ call: 'open', path: 'pcicfg' }), 'ENOENT');
    assert.deepEqual(await client.value({ call: 'list', path: '.' }), []);
  });

  test('drivers: what is unbound appears, what is bound goes, also from under who has it open', async () => {
    await using mounted = await Mounted.make();
    await using client = new Client();
    const names = () => client.value({ call: 'list', path: mounted.path() });
    await mounted.sim.drivers.unbind(EDU);
    mounted.files.functions.refresh();
    assert.deepEqual(await names(), ['pci0:0:3:0', 'pci0:0:4:0', 'pci0:0:5:0']);
    const fd = await client.open(mounted.path('pci0:0:3:0', '10.mem'));
    assert.equal(await client.read(fd, 0, 4), 'ed000001');
    await mounted.sim.drivers.bind(EDU, 'edu');
    mounted.files.functions.refresh();
    assert.equal(await client.errno({ call: 'read', fd, length: 4, offset: 0 }), 'ENXIO');
    assert.deepEqual(await names(), ['pci0:0:4:0', 'pci0:0:5:0']);
    await mounted.sim.drivers.unbind(EDU);
    await mounted.sim.drivers.bind(EDU, 'vfio-pci');
    mounted.files.functions.refresh();
    assert.deepEqual(
      await names(),
      ['pci0:0:3:0', 'pci0:0:4:0', 'pci0:0:5:0'],
      'a holder waits for programs',
    );
  });

  test('a look at the directory finds what has changed, with nobody’s help', async () => {
    await using mounted = await Mounted.make();
    await using client = new Client();
    await mounted.sim.drivers.unbind(EDU);
    await until(async () =>
      (await client.value<readonly string[]>({ call: 'list', path: mounted.path() })).includes('pci0:0:3:0'),
    );
  });

  test('only the named functions are there', async () => {
    await using mounted = await Mounted.make({ only: [TESTDEV, EDU] });
    await using client = new Client();
    assert.deepEqual(await client.value({ call: 'list', path: mounted.path() }), ['pci0:0:4:0']);
    await mounted.sim.drivers.unbind(EDU);
    mounted.files.functions.refresh();
    assert.deepEqual(await client.value({ call: 'list', path: mounted.path() }), [
      'pci0:0:3:0',
      'pci0:0:4:0',
    ]);
  });
});

describe('the mount itself', { skip }, () => {
  test('is given up under a program that has a file open: its calls fail', async () => {
    await using client = new Client();
    let fd: number;
    let path: string;
    {
      await using mounted = await Mounted.make();
      path = mounted.path('pci0:0:4:0', '10.mem');
      fd = await client.open(path);
    }
    assert.equal(await client.errno({ call: 'read', fd, length: 4, offset: 0 }), 'ENOTCONN');
    assert.equal(await client.errno({ call: 'open', path }), 'ENOENT');
  });

  test('ends when somebody else unmounts it', async () => {
    await using mounted = await Mounted.make();
    assert.equal(unmountAt(mounted.files.directory, 0), undefined);
    await mounted.files.ended;
  });

  test('is refused where something is, and leaves no directory behind', async () => {
    using directory = new MountDirectory();
    await using mounted = await Mounted.make();
    const refused = (path: string, why: RegExp) =>
      assert.rejects(Mounted.make({ directory: path }), (error: unknown) => {
        assert.ok(error instanceof MountDirectoryError, String(error));
        assert.match(error.message, why);
        return true;
      });
    await refused(mounted.files.directory, /their server lives/);
    writeFileSync(directory.path, '');
    await refused(directory.path, /ENOTDIR/);
    await refused(directory.base, /not empty/);
    await refused(join(directory.base, 'no', 'parent'), /ENOENT/);
  });

  test('other users do not reach it, and only where they are let in', async () => {
    for (const allowOther of [false, true]) {
      await using mounted = await Mounted.make({ allowOther });
      await run('chmod', '755', mounted.path('..'));
      const stranger = run(
        'setpriv',
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        ...['dd', `if=${mounted.path('pci0:0:4:0', 'pcicfg')}`, 'bs=4', 'count=1', 'status=none'],
      );
      if (allowOther) assert.equal((await stranger).toString('hex'), '34120051');
      else await assert.rejects(stranger);
    }
  });

  test('others are let in only to functions whose DMA is kept apart', async () => {
    using sysfs = fakeSysfs({
      '0000:00:05.0': { driver: undefined },
      '0000:00:06.0': { driver: 'vfio-pci', group: 7 },
    });
    using directory = new MountDirectory();
    const tried: string[] = [];
    await using _files = await MountedFiles.mount({
      machine: new LinuxMachine({ root: sysfs.root }),
      directory: directory.path,
      allowOther: true,
      onChange: ({ name }) => tried.push(name),
      onFault: (error) => assert.fail(String(error)),
    });
    // The one that VFIO keeps; whether this host has that group to open is another matter.
    assert.deepEqual(tried, ['pci0:0:6:0']);
  });
});

test('this host is looked at without touching its devices, and a device in another’s place is another', () => {
  using sysfs = fakeSysfs({ '0000:00:05.0': { driver: undefined } });
  const changes: string[] = [];
  const machine = new LinuxMachine({ root: sysfs.root });
  let lists = 0;
  const list = () => (lists++, LinuxMachine.prototype.list.call(machine));
  // Of a function that UIO or VFIO keeps that would be driving it.
  let regions = 0;
  const open = (address: PciAddress) => {
    const fn = LinuxMachine.prototype.open.call(machine, address);
    const openRegion = fn.openRegion.bind(fn);
    return Object.assign(fn, { openRegion: (index: number) => (regions++, openRegion(index)) });
  };
  const functions = new FreeFunctions({
    machine: Object.assign(machine, { list, open }),
    sources: [registerFiles()],
    onChange: ({ change, name }) => changes.push(`${change} ${name}`),
  });
  for (let look = 0; look < 5; look++) functions.refresh();
  assert.deepEqual(changes, ['appeared pci0:0:5:0']);
  assert.equal(lists, 1);
  sysfs.replace('0000:00:05.0');
  functions.refresh();
  assert.deepEqual(changes.slice(1), ['removed pci0:0:5:0', 'appeared pci0:0:5:0']);
  sysfs.bind('0000:00:05.0', 'nvme');
  functions.refresh();
  assert.deepEqual(changes.slice(3), ['removed pci0:0:5:0']);
  assert.equal(regions, 0);
  functions.leaveAll();
});

test('a look that fails is made again, also where nothing has changed since', () => {
  using sysfs = fakeSysfs({ '0000:00:05.0': { driver: undefined } });
  const machine = new LinuxMachine({ root: sysfs.root });
  let failures = 1;
  const list = () => {
    if (failures-- > 0) throw new Error('EMFILE');
    return LinuxMachine.prototype.list.call(machine);
  };
  const functions = new FreeFunctions({
    machine: Object.assign(machine, { list }),
    sources: [registerFiles()],
  });
  assert.throws(() => {
    functions.refresh();
  }, /EMFILE/);
  functions.refresh();
  assert.deepEqual(
    functions.list().map(({ name }) => name),
    ['pci0:0:5:0'],
  );
  functions.leaveAll();
});

describe('a BAR that can be mapped', { skip }, () => {
  test('is mapped by the program itself, and not by the server, which would die with the device', async () => {
    using sysfs = fakeSysfs({ '0000:00:05.0': { driver: undefined } });
    using directory = new MountDirectory();
    await using client = new Client();
    const options = {
      machine: new LinuxMachine({ root: sysfs.root }),
      directory: directory.path,
      onFault: (error: unknown) => assert.fail(String(error)),
    };
    {
      await using files = await MountedFiles.mount(options);
      const [folder] = files.functions.list();
      const shown = folder?.files.filter(({ size }) => size > 0);
      assert.deepEqual(
        shown?.map(({ name, note }) => [name, note]),
        [
          ['pcicfg', undefined],
          ['10.mem', 'mmap only: see --map-registers'],
        ],
      );
      const fd = await client.open(join(files.directory, 'pci0:0:5:0', '10.mem'));
      const mapped = await client.outcome({ call: 'map', fd, length: 4096, at: 8, value: 0x1234 });
      // Kernels before 6.9 have no way to it.
      if ('errno' in mapped) assert.equal(mapped.errno, 'ENODEV');
      else assert.equal(sysfs.register('0000:00:05.0', 8), 0x1234);
      assert.equal(await client.errno({ call: 'read', fd, length: 4, offset: 8 }), 'ENOTSUP');
      await client.value({ call: 'close', fd });
    }
    await using files = await MountedFiles.mount({ ...options, mapRegisters: true });
    const fd = await client.open(join(files.directory, 'pci0:0:5:0', '10.mem'));
    await client.value({ call: 'write', fd, data: '78563412', offset: 12 });
    assert.equal(sysfs.register('0000:00:05.0', 12), 0x12345678);
    assert.equal(await client.read(fd, 12, 4), '78563412');
  });
});
