/** Hot-plug in a real QEMU by its monitor, where the test is the guest; with a device model that needs no hardware. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { deviceArguments, QEMU_MACHINES, VirtualMachine } from '../../../src/admin/qemu/index.js';
import { notations } from '../../../src/pci/index.js';
import { connectMonitor, MonitorRefusedError, type MonitorClient } from '../../../src/qmp/index.js';
import { qemu, skip } from '../../machines/qemu/qemu.js';
import { RestingMachine } from '../../virtual-machine/resting-machine.js';

const SHORT_MS = 300;
const LONG_MS = 30_000;

describe(`QEMU ${qemu?.version ?? ''}`, { skip }, () => {
  let machine: RestingMachine;
  let monitor: MonitorClient;
  let virtual: VirtualMachine;
  before(async () => {
    assert.ok(qemu !== undefined);
    machine = await RestingMachine.start({ ...qemu, ports: 2 });
    monitor = await connectMonitor(machine.monitor);
    virtual = new VirtualMachine(monitor);
  });
  after(async () => {
    monitor[Symbol.dispose]();
    await machine[Symbol.asyncDispose]();
  });

  /** A free port with a device in it. */
  async function plug(id: string): Promise<string> {
    const bus = await virtual.freePort();
    assert.ok(bus !== undefined);
    await virtual.add('pci-testdev', id, { bus });
    return bus;
  }

  test('each device takes a port that has none, until there is none left', async () => {
    const ports = [await plug('one'), await plug('two')];
    assert.deepEqual(ports, ['port1', 'port2']);
    assert.equal(await virtual.freePort(), undefined);
    await assert.rejects(virtual.add('pci-testdev', 'three', {}), MonitorRefusedError);
    assert.deepEqual([await virtual.has('one'), await virtual.has('three')], [true, false]);
    assert.deepEqual(await virtual.passedThrough(), [], 'they are models, and no functions of this host');
    for (const id of ['one', 'two']) assert.equal(await virtual.remove(id, LONG_MS), 'gone');
  });

  test('its place is known once the guest has numbered the bus', async () => {
    const port = await plug('placed');
    assert.equal(await virtual.placeOf('placed'), undefined);
    await machine.numberPort(Number(port.replace('port', '')));
    assert.deepEqual(await virtual.placeOf('placed'), {
      bus: Number(port.replace('port', '')),
      slot: 0,
      function: 0,
      vendor: 0x1b36,
      device: 0x0005,
      unplaced: [0, 1],
    });
    assert.equal(await virtual.remove('placed', LONG_MS), 'gone', 'its slot is off: there is nobody to ask');
  });

  test('a guest that drives the slot is asked; without its answer the device stays', async () => {
    const port = Number((await plug('asked')).replace('port', ''));
    await machine.powerSlot(port);
    assert.equal(await virtual.remove('asked', SHORT_MS), 'silent');
    assert.equal(await virtual.has('asked'), true);
    // Asked once more it waits for the same answer.
    const removal = virtual.remove('asked', LONG_MS);
    await machine.letGo(port);
    assert.equal(await removal, 'gone');
    assert.equal(await virtual.has('asked'), false);
    assert.equal(await virtual.remove('asked', SHORT_MS), 'gone', 'and so it is for who comes late');
  });

  test('takes our arguments: what it refuses is that the functions are not there', () => {
    assert.ok(qemu !== undefined);
    const addresses = ['fe:1f.0', 'fe:1f.1', 'fd:00.2'].map((text) => notations.hex.parse(text));
    const {
      command: [program, ...loading],
      environment,
    } = qemu;
    for (const kind of QEMU_MACHINES) {
      const given = [
        '-machine',
        kind,
        '-nodefaults',
        '-display',
        'none',
        ...deviceArguments(addresses, kind),
      ];
      const { status, stderr } = spawnSync(program, [...loading, ...given], {
        env: environment,
        encoding: 'utf8',
      });
      assert.equal(status, 1);
      assert.match(stderr, /vfio \S*0000:fd:00\.2: no such host device/);
    }
  });
});

test('functions of one device stay one device with their numbers; a lone one becomes function 0', () => {
  const addresses = ['0a:00.1', '0b:00.1', '0a:00.0'].map((text) => notations.hex.parse(text));
  assert.deepEqual(deviceArguments(addresses, 'q35'), [
    '-device',
    'pcie-root-port,id=openslot-port1,chassis=1',
    '-device',
    'vfio-pci,host=0000:0a:00.0,id=openslot-0000-0a-00.0,bus=openslot-port1,addr=00.0,multifunction=on',
    '-device',
    'vfio-pci,host=0000:0a:00.1,id=openslot-0000-0a-00.1,bus=openslot-port1,addr=00.1',
    '-device',
    'pcie-root-port,id=openslot-port2,chassis=2',
    '-device',
    'vfio-pci,host=0000:0b:00.1,id=openslot-0000-0b-00.1,bus=openslot-port2',
  ]);
  assert.deepEqual(deviceArguments(addresses.slice(1, 2), 'pc'), [
    '-device',
    'vfio-pci,host=0000:0b:00.1,id=openslot-0000-0b-00.1',
  ]);
});
