/** Functions to a virtual machine inside: given by its monitor, driven over its bus, taken back, and at their drivers again. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chownSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { LabRoot } from '../../lab/root.js';
import { QemuAttachments, refusalOf, VirtualMachine } from '../../src/admin/qemu/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { machineFiles, OwnerSocket } from '../../src/owner/index.js';
import { messageOf, OpenslotError, type PciAddress } from '../../src/pci/index.js';
import { FileJournal, Pool } from '../../src/pool/index.js';
import { connectMonitor } from '../../src/qmp/index.js';
import { RestingMachine, type RestingMachineOptions } from '../virtual-machine/resting-machine.js';
import {
  claim,
  claimFor,
  EDU,
  GROUPED_EDU,
  GROUPED_ETHERNET,
  loadModule,
  openslot,
  release,
} from './machine.js';

/** The tree that the machine around this one was started from. */
const tree = new LabRoot('/tree');
const NOBODY = 65534;
/** Of an edu (QEMU, docs/specs/edu). */
const IDENTIFICATION = 0x0100_00ed;
const FACTORIAL = 0x08;
const STATUS = 0x20;
/** Where the guest puts its BAR: in the window of its first port. */
const BAR = 0xe100_0000;

const machine = new LinuxMachine();
const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof OpenslotError);
  assert.equal(error.code, expected, error.message);
  return true;
};

function start(more: Partial<RestingMachineOptions> = {}): Promise<RestingMachine> {
  return RestingMachine.start({
    command: tree.command('usr/bin/qemu-system-x86_64'),
    environment: { ...process.env, ...tree.qemuEnvironment },
    ports: 2,
    arguments: ['-L', tree.path('usr/share/qemu'), '-L', tree.path('usr/share/seabios')],
    ...more,
  });
}

/** What a command of ours does, without the seconds that a process takes to start here. */
async function withMachine<Result>(
  virtual: RestingMachine,
  work: (attachments: QemuAttachments) => Promise<Result>,
): Promise<Result> {
  const { socket, claims } = machineFiles(machine.name);
  await using _owner = await OwnerSocket.bind(machine.name, socket);
  const pool = new Pool(machine, new FileJournal(claims));
  using attachments = new QemuAttachments(virtual.monitor, { pool, machine });
  return await work(attachments);
}

/** What QEMU says that is on the bus behind its first port. */
async function onFirstPort(virtual: RestingMachine): Promise<unknown> {
  using monitor = await connectMonitor(virtual.monitor);
  const [root] = (await monitor.execute('query-pci')) as {
    devices: { qdev_id: string; pci_bridge?: { devices?: { qdev_id: string; id: object }[] } }[];
  }[];
  const port = root?.devices.find((device) => device.qdev_id === 'port1');
  return (port?.pci_bridge?.devices ?? []).map(({ qdev_id: name, id }) => ({ name, ...id }));
}

/** As the record says it to every process. */
function stateOf(address: PciAddress): string {
  const member = new Pool(machine, new FileJournal(machineFiles(machine.name).claims))
    .list()
    .find((one) => one.address.equals(address));
  return member?.state === 'taken' ? `taken by ${member.taker}` : (member?.state ?? 'not in the pool');
}

describe('a virtual machine that runs', () => {
  let virtual: RestingMachine;
  before(async () => {
    virtual = await start();
    await virtual.numberPort(1);
    await claimFor('vfio', EDU);
  });
  after(async () => virtual[Symbol.asyncDispose]());

  test('gets a function by the command, which says where it came', () => {
    const said = openslot('attach', `qmp:${virtual.monitor}`, String(EDU), '--allow', 'no-reset');
    assert.equal(said, `${EDU} is 01:00.0 (openslot-0000-00-04.0) in qmp:${virtual.monitor}\n`);
    assert.equal(stateOf(EDU), `taken by qmp:${virtual.monitor}`);
  });

  test('has it: QEMU says so, and its guest reads the registers of the real function', async (context) => {
    assert.deepEqual(await onFirstPort(virtual), [
      {
        name: 'openslot-0000-00-04.0',
        vendor: 0x1234,
        device: 0x11e8,
        subsystem: 0x1100,
        'subsystem-vendor': 0x1af4,
      },
    ]);
    await virtual.powerSlot(1);
    await virtual.writeConfig(1, 0, 0x10, BAR);
    await virtual.writeConfig(1, 0, 0x04, 0x2);
    const identification = await virtual.read32(BAR);
    context.diagnostic(
      `BAR 0 of ${EDU}, read by the guest: 0x${identification.toString(16).padStart(8, '0')}`,
    );
    assert.equal(identification, IDENTIFICATION);
    await virtual.write32(BAR + FACTORIAL, 10);
    for (let status = 1; (status & 1) !== 0;) status = await virtual.read32(BAR + STATUS);
    assert.equal(await virtual.read32(BAR + FACTORIAL), 3_628_800);
  });

  test('keeps it: the host cannot release it, and nobody else gets it', async () => {
    await assert.rejects(release(EDU), code('FUNCTION_TAKEN'));
    using fn = machine.open(EDU);
    assert.throws(() => fn.openRegion(0), code('VFIO_BUSY'));
  });

  test('lets go of it when its guest does, and the host has it as before', async () => {
    const words = ['dist/src/command/main.js', 'detach', `qmp:${virtual.monitor}`, String(EDU)];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    const ended = new Promise((resolve) => child.once('close', resolve));
    await virtual.asked(1);
    await virtual.letGo(1);
    assert.equal(await ended, 0);
    assert.equal(said, `${EDU} is back from qmp:${virtual.monitor}\n`);
    assert.deepEqual(await onFirstPort(virtual), []);
    {
      using fn = machine.open(EDU);
      fn.setEnabled(true);
      using bar = fn.openRegion(0);
      assert.equal(bar.read32(0), IDENTIFICATION);
    }
    await release(EDU);
    assert.deepEqual(machine.drivers.binding(EDU), { driver: undefined, override: undefined });
  });

  test('is refused a function of a group of which the host has a part, and what helps is said', async () => {
    loadModule('e1000');
    await claim('vfio', GROUPED_EDU);
    assert.equal(machine.drivers.binding(GROUPED_ETHERNET).driver, 'e1000');
    await assert.rejects(
      withMachine(virtual, (one) => one.attach([GROUPED_EDU])),
      (error) => {
        assert.ok(error instanceof OpenslotError);
        assert.deepEqual(
          [error.code, error.next],
          ['QEMU_GROUP_NOT_VIABLE', `openslot claim --for vfio ${GROUPED_ETHERNET}`],
        );
        return true;
      },
    );
    assert.equal(stateOf(GROUPED_EDU), 'free');
    // And these are QEMU's own words for it.
    using monitor = await connectMonitor(virtual.monitor);
    const said = await new VirtualMachine(monitor)
      .add('vfio-pci', 'alone', { host: String(GROUPED_EDU), bus: 'port1' })
      .catch(messageOf);
    const device = { address: GROUPED_EDU, group: undefined, others: [], bus: undefined };
    assert.equal(refusalOf(String(said), device).code, 'QEMU_GROUP_NOT_VIABLE', String(said));
    await claim('vfio', GROUPED_ETHERNET);
  });

  test('dies with functions in it: they come back together, and are at their drivers again', async () => {
    const both = [GROUPED_EDU, GROUPED_ETHERNET];
    const { functions } = await withMachine(virtual, (one) =>
      one.attach(both, { allow: ['no-reset', 'split-device'] }),
    );
    assert.deepEqual(functions.map(({ bus }) => bus).toSorted(), ['port1', 'port2']);
    await assert.rejects(
      withMachine(virtual, (one) => one.detach([GROUPED_EDU])),
      code('QEMU_GROUP_KEPT'),
    );
    await virtual.kill();
    const report = await withMachine(virtual, (one) => one.detach(both));
    assert.deepEqual(
      report.functions.map(({ address, reset, quarantined }) => [String(address), reset, quarantined]),
      both.map((address) => [String(address), { method: 'bus' }, undefined]),
    );
    for (const address of both) await release(address);
    assert.equal(machine.drivers.binding(GROUPED_ETHERNET).driver, 'e1000');
    assert.deepEqual(machine.drivers.binding(GROUPED_EDU), { driver: undefined, override: undefined });
  });
});

describe('a virtual machine of a user', () => {
  let virtual: RestingMachine;
  const group = () => `/dev/vfio/${machine.list().find((fn) => fn.address.equals(EDU))?.iommuGroup ?? ''}`;
  const attach = () => withMachine(virtual, (one) => one.attach([EDU], { allow: ['no-reset'] }));
  before(async () => {
    const limited = ['/busybox/sh', '-c', 'ulimit -l 4096; exec "$@"', 'sh'] as const;
    virtual = await start({
      command: [...limited, ...tree.command('usr/bin/qemu-system-x86_64')],
      uid: NOBODY,
    });
    await claimFor('vfio', EDU);
  });
  after(async () => {
    chownSync(group(), 0, 0);
    await virtual[Symbol.asyncDispose]();
    await release(EDU);
  });

  test('may not open the group’s file', async () => {
    await assert.rejects(attach(), code('QEMU_GROUP_PERMISSION'));
  });

  test('may not keep its memory in place', async () => {
    chownSync(group(), NOBODY, NOBODY);
    await assert.rejects(attach(), code('QEMU_LOCKED_LIMIT'));
    assert.equal(await withMachine(virtual, (one) => Promise.resolve(one.has().length)), 0);
  });
});
