/** Files of a platform device in a real mount: ports as registers, its line as `intx`, for another process. */
import assert from 'node:assert/strict';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PciAddress } from '../../src/pci/index.js';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { MountedFiles, PlatformFolders, PROTO_IOC_REGION } from '../../src/proto/index.js';
import { Client, MountDirectory, unmountable } from './mounting.js';

const MACHINE = `
roots: [{slots: [{slot: "02", model: edu}]}]
platform:
  - {model: uart16550, ports: 0x3f8, line: 4}
  - {model: uart16550, memory: 0xfed00000}
`;
const SCRATCH = 7;

function fault(error: unknown): never {
  throw error;
}

test(
  'a platform device has a folder by its first port, with its ranges by number',
  { skip: unmountable },
  async () => {
    using directory = new MountDirectory();
    using machine = new SimMachine(parseMachine(MACHINE));
    await using _ = await MountedFiles.mount({ machine, directory: directory.path, onFault: fault });
    await using client = new Client();
    const list = (path: string) => client.value<string[]>({ call: 'list', path });
    assert.deepEqual((await list(directory.path)).sort(), ['isa:0x3f8', 'isa:0xfed00000', 'pci0:0:2:0']);
    const folder = join(directory.path, 'isa:0x3f8');
    assert.deepEqual((await list(folder)).sort(), ['00.io', 'intx']);
    assert.deepEqual(await list(join(directory.path, 'isa:0xfed00000')), ['00.mem']);

    const ports = await client.open(join(folder, '00.io'), constants.O_RDWR);
    await client.value({ call: 'write', fd: ports, data: '5a', offset: SCRATCH });
    assert.equal(await client.read(ports, SCRATCH, 1), '5a');
    assert.equal(await client.errno({ call: 'open', path: join(folder, '00.io') }), 'EBUSY');
    assert.equal(await client.errno({ call: 'read', fd: ports, length: 8, offset: 0 }), 'EIO');
    assert.equal(await client.errno({ call: 'read', fd: ports, length: 1, offset: 8 }), 'EIO');
    const told = await client.value({
      call: 'ioctl',
      fd: ports,
      request: PROTO_IOC_REGION,
      argument: '00'.repeat(16),
    });
    assert.match(JSON.stringify(told), /f8030000000000000800000000000000/);

    const line = await client.open(join(folder, 'intx'), constants.O_RDWR);
    await client.value({ call: 'write', fd: ports, data: '08', offset: 4 });
    await client.value({ call: 'write', fd: ports, data: '02', offset: 1 });
    assert.equal(await client.read(line, 0, 4), '01000000');
  },
);

test('whoever names functions gets those alone', { skip: unmountable }, async () => {
  using directory = new MountDirectory();
  using machine = new SimMachine(parseMachine(MACHINE));
  await using _ = await MountedFiles.mount({
    machine,
    directory: directory.path,
    only: [new PciAddress(0, 0, 2, 0)],
    onFault: fault,
  });
  await using client = new Client();
  assert.deepEqual(await client.value({ call: 'list', path: directory.path }), ['pci0:0:2:0']);
});

test('devices come, go, and are told of', () => {
  using machine = new SimMachine(parseMachine(MACHINE));
  const { platform } = machine;
  const away = new Set<string>();
  let opens = false;
  const told: string[] = [];
  const folders = new PlatformFolders(
    {
      list: () => platform.list().filter(({ name }) => !away.has(name)),
      open: (name) => platform.open(opens ? name : 'isa:0x2f8'),
    },
    {
      only: ['isa:0x3f8'],
      onChange: (change) => told.push(`${change.name} ${change.change}`),
    },
  );
  const names = () => folders.list().map(({ name }) => name);
  assert.deepEqual(names(), []);
  assert.deepEqual(names(), []);
  opens = true;
  assert.deepEqual(names(), ['isa:0x3f8']);
  const file = folders.find('isa:0x3f8')?.files[0]?.open({ pid: 0, uid: 0, gid: 0 });
  assert.equal(file?.write(SCRATCH, Uint8Array.of(0x5a)), 1);
  away.add('isa:0x3f8');
  assert.deepEqual(names(), []);
  assert.throws(() => file?.write(SCRATCH, Uint8Array.of(0x5a)), { errno: 'ENXIO' });
  assert.deepEqual(told, ['isa:0x3f8 unavailable', 'isa:0x3f8 appeared', 'isa:0x3f8 removed']);
});
