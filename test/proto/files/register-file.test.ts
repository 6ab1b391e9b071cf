/** Register files, called as a mount calls them: names, sizes, every errno in proto(4)'s order, one access for one call. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { parseMachine, SimMachine } from '../../../src/machines/sim/index.js';
import { PciAddress } from '../../../src/pci/index.js';
import {
  FileError,
  FunctionFolder,
  PROTO_IOC_REGION,
  registerFiles,
  type DeviceFile,
  type OpenFile,
  type PendingRead,
} from '../../../src/proto/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { CountingMachine } from '../counting-machine.js';

const MACHINE = `
roots:
  - bus: 0
    slots:
      - {slot: "04", model: testdev}
`;
const ADDRESS = new PciAddress(0, 0, 4, 0);
const CALLER = { pid: 4711, uid: 0, gid: 0 };

/** No register waits. */
const NEVER: PendingRead = {
  answer: () => assert.fail('a register is answered at once'),
  fail: () => assert.fail('a register is answered at once'),
  onGone: () => undefined,
};

let machine: CountingMachine;
let sim: SimMachine;
let folder: FunctionFolder;
beforeEach(() => {
  sim = new SimMachine(parseMachine(MACHINE), { clock: 'manual' });
  machine = new CountingMachine(sim);
  folder = new FunctionFolder(ADDRESS, () => machine.open(ADDRESS), [registerFiles()]);
});
afterEach(() => {
  folder.leave();
  assert.equal(machine.opened, 0, 'no function stays open');
  machine[Symbol.dispose]();
});

function file(name: string): DeviceFile {
  const found = folder.files.find((one) => one.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

/** Opened, and what that took of the device forgotten. */
function opened(name: string): OpenFile {
  const open = file(name).open(CALLER);
  machine.taken();
  return open;
}

function read(open: OpenFile, offset: number, length: number): string {
  const into = new Uint8Array(length);
  assert.equal(open.read(offset, into, NEVER, false), length);
  return Buffer.from(into).toString('hex');
}

function write(open: OpenFile, offset: number, data: string): void {
  const from = Buffer.from(data, 'hex');
  assert.equal(open.write(offset, from), from.length);
}

function errnoOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof FileError, String(error));
    return error.errno;
  }
  return 'none';
}

describe('the files of a function', () => {
  test('have the names and sizes of proto(4)', () => {
    assert.equal(folder.name, 'pci0:0:4:0');
    assert.deepEqual(
      folder.files.map(({ name, size }) => [name, size]),
      [
        ['pcicfg', 4096],
        ['10.mem', 4096],
        ['14.io', 64],
        // A BAR of 64 bits has one file, named by its low half.
        ['18.mem', 4096],
      ],
    );
  });

  test('have one opener each, and different files of one function any number', () => {
    const [config, memory] = [file('pcicfg').open(CALLER), file('10.mem').open(CALLER)];
    assert.equal(
      errnoOf(() => file('10.mem').open(CALLER)),
      'EBUSY',
    );
    assert.deepEqual(folder.holders, [
      { file: 'pcicfg', pid: 4711 },
      { file: '10.mem', pid: 4711 },
    ]);
    assert.equal(machine.opened, 1, 'they share one function');
    memory.release();
    file('10.mem').open(CALLER).release();
    config.release();
    assert.deepEqual(folder.holders, []);
    assert.equal(machine.opened, 0);
  });

  test('answer ENXIO once the function is taken away, open or not', () => {
    const open = opened('10.mem');
    folder.remove();
    assert.equal(
      errnoOf(() => read(open, 0, 4)),
      'ENXIO',
    );
    assert.equal(
      errnoOf(() => open.ioctl?.(PROTO_IOC_REGION, new Uint8Array(16), CALLER)),
      'ENXIO',
    );
    assert.equal(
      errnoOf(() => file('pcicfg').open(CALLER)),
      'ENXIO',
    );
    assert.deepEqual(machine.taken(), []);
    open.release();
  });

  test('answer ENXIO at open when the device has vanished, and all ones while nobody has noticed', () => {
    const open = opened('10.mem');
    sim.inject(ADDRESS, { fault: 'removed' });
    assert.equal(read(open, 0, 4), 'ffffffff');
    write(open, 0, '00000000');
    open.release();
    assert.equal(
      errnoOf(() => file('10.mem').open(CALLER)),
      'ENXIO',
    );
  });

  test('switch decoding on where it is off, and off again with the folder', () => {
    using fn = machine.open(ADDRESS);
    fn.setEnabled(false);
    const open = file('14.io').open(CALLER);
    assert.equal(fn.config.read(4, 2) & 3, 3);
    write(open, 0, '5a');
    assert.equal(read(open, 0, 1), '5a');
    open.release();
    assert.equal(fn.config.read(4, 2) & 3, 3, 'it stays until the files go, so that each dd finds it');
    folder.leave();
    assert.equal(fn.config.read(4, 2) & 3, 0);
  });

  test('switch off with the folder no decoding that was on before', () => {
    using fn = machine.open(ADDRESS);
    fn.config.write(4, 2, 2);
    file('14.io').open(CALLER).release();
    assert.equal(fn.config.read(4, 2) & 3, 3);
    folder.leave();
    assert.equal(fn.config.read(4, 2) & 3, 2);
  });
});

describe('a call on registers', () => {
  test('is one access of its width', () => {
    const open = opened('10.mem');
    for (const width of [1, 2, 4, 8]) {
      write(open, 16, 'a1b2c3d4e5f60718'.slice(0, width * 2));
      assert.equal(read(open, 16, width), 'a1b2c3d4e5f60718'.slice(0, width * 2));
      assert.deepEqual(machine.taken(), [`W${width}@10.mem+16`, `R${width}@10.mem+16`]);
    }
    open.release();
  });

  test('reaches configuration space and ports with 1, 2 and 4 bytes', () => {
    const [config, ports] = [opened('pcicfg'), opened('14.io')];
    for (const width of [1, 2, 4]) {
      assert.equal(read(config, 0, width), '34120051'.slice(0, width * 2));
      write(ports, 8, '01020304'.slice(0, width * 2));
    }
    assert.deepEqual(
      machine.taken(),
      [1, 2, 4].flatMap((width) => [`R${width}@pcicfg+0`, `W${width}@14.io+8`]),
    );
    config.release();
    ports.release();
  });

  test('reads all ones behind the end of a conventional configuration space, with no access', () => {
    const config = opened('pcicfg');
    assert.equal(read(config, 256, 4), 'ffffffff');
    assert.equal(read(config, 4094, 2), 'ffff');
    write(config, 256, '00');
    assert.deepEqual(machine.taken(), []);
    config.release();
  });

  test('is refused in proto(4)’s order: length, place, width, alignment', () => {
    const [config, memory, ports] = [opened('pcicfg'), opened('10.mem'), opened('14.io')];
    const cases: readonly (readonly [OpenFile, offset: number, length: number, errno: string])[] = [
      [memory, 0, 3, 'EIO'],
      [memory, 0, 0, 'EIO'],
      [memory, 0, 16, 'EIO'],
      [memory, 4096, 3, 'EIO'],
      [memory, -4, 4, 'EIO'],
      [memory, 4093, 4, 'EIO'],
      [memory, 4096, 1, 'EIO'],
      [memory, 2 ** 52, 1, 'EIO'],
      [memory, 2, 4, 'EINVAL'],
      [memory, 4, 8, 'EINVAL'],
      // Out of the file comes before the width, the width before the alignment.
      [config, 4092, 8, 'EIO'],
      [config, 0, 8, 'EINVAL'],
      [config, 1, 2, 'EINVAL'],
      [ports, 60, 8, 'EIO'],
      [ports, 0, 8, 'EIO'],
      [ports, 1, 2, 'EINVAL'],
    ];
    for (const [open, offset, length, errno] of cases) {
      const what = `${length} bytes at ${offset}`;
      assert.equal(
        errnoOf(() => open.read(offset, new Uint8Array(length), NEVER, false)),
        errno,
        `read of ${what}`,
      );
      assert.equal(
        errnoOf(() => open.write(offset, new Uint8Array(length))),
        errno,
        `write of ${what}`,
      );
    }
    assert.deepEqual(machine.taken(), [], 'nothing of it reached the device');
    for (const open of [config, memory, ports]) open.release();
  });

  test('keeps to these rules whatever its length and place are', async () => {
    const memory = opened('10.mem');
    const place = fc.oneof(fc.integer({ min: -16, max: 4120 }), fc.integer());
    await checkProperty(
      'files: a register file makes one access or none',
      fc.property(place, fc.integer({ min: 0, max: 24 }), fc.boolean(), (offset, length, writes) => {
        const call = () =>
          writes
            ? memory.write(offset, new Uint8Array(length))
            : memory.read(offset, new Uint8Array(length), NEVER, false);
        const legal = [1, 2, 4, 8].includes(length);
        const inside = offset >= 0 && offset + length <= 4096;
        const expected = !legal || !inside ? 'EIO' : offset % length !== 0 ? 'EINVAL' : 'none';
        assert.equal(errnoOf(call), expected);
        const access = `${writes ? 'W' : 'R'}${length}@10.mem+${offset}`;
        assert.deepEqual(machine.taken(), expected === 'none' ? [access] : []);
      }),
    );
    memory.release();
  });

  test('PROTO_IOC_REGION tells address and size; the request to busdma is refused here, and others are none', () => {
    // _IOWR('h', 1, struct proto_ioc_region), written out.
    assert.equal(PROTO_IOC_REGION, 0xc010_6801);
    const { regions } = sim.open(ADDRESS);
    for (const [name, address] of [
      ['pcicfg', 0n],
      ['10.mem', regions[0]?.address],
      ['14.io', regions[1]?.address],
    ] as const) {
      const open = opened(name);
      const argument = new Uint8Array(16);
      assert.equal(open.ioctl?.(PROTO_IOC_REGION, argument, CALLER), 0);
      const view = new DataView(argument.buffer);
      assert.equal(view.getBigUint64(0, true), address, name);
      assert.equal(view.getBigUint64(8, true), BigInt(file(name).size), name);
      assert.equal(
        errnoOf(() => open.ioctl?.(0xc058_6802, new Uint8Array(88), CALLER)),
        'EINVAL',
        'that of busdma',
      );
      assert.equal(
        errnoOf(() => open.ioctl?.(0xc010_6803, new Uint8Array(16), CALLER)),
        'ENOTTY',
      );
      open.release();
    }
  });
});
