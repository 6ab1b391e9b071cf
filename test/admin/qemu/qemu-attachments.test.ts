/** Giving functions to virtual machines: what is refused and by whom, and that the pool is as before then. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { HostClaims } from '../../../src/admin/index.js';
import { QemuAttachments, refusalOf } from '../../../src/admin/qemu/index.js';
import { saveState } from '../../../src/function/index.js';
import { parseMachine, SimMachine } from '../../../src/machines/sim/index.js';
import { notations, OpenslotError } from '../../../src/pci/index.js';
import { MemoryJournal, Pool } from '../../../src/pool/index.js';
import { qemu, skip } from '../../machines/qemu/qemu.js';
import { RestingMachine } from '../../virtual-machine/resting-machine.js';

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof OpenslotError);
  assert.equal(error.code, expected, error.message);
  assert.notEqual(error.next, '');
  return true;
};

/** Two of one group, and one that vfio-pci has not. On buses that this host does not have. */
const HOST = `
roots:
  - bus: 0xfc
    slots:
      - slot: "01"
        bridge: {aliases: true}
        bus:
          - {slot: "01", model: edu, driver: edu}
          - {slot: "02", model: testdev, driver: testdev}
      - {slot: "02", model: edu}
`;
const EDU = notations.hex.parse('fd:01.0');
const BESIDE = notations.hex.parse('fd:02.0');
const FREE = notations.hex.parse('fc:02.0');
/** A socket that nobody made. */
const ENDED = '/nowhere/openslot-test/monitor';

let machine: SimMachine;
let journal: MemoryJournal;
let claims: HostClaims;
const pool = () => new Pool(machine, journal);

beforeEach(() => {
  machine = new SimMachine(parseMachine(HOST));
  journal = new MemoryJournal();
  claims = new HostClaims(pool(), machine, undefined);
});

const statesOf = (of: Pool) => of.list().map(({ address, state }) => `${address} ${state}`);

describe('before QEMU is asked', () => {
  test('a function that vfio-pci does not keep is refused, with the claim that helps', async () => {
    await assert.rejects(new QemuAttachments(ENDED, { pool: pool(), machine }).attach([EDU]), (error) => {
      assert.ok(error instanceof OpenslotError);
      assert.deepEqual([error.code, error.next], ['NOT_FOR_VFIO', `openslot claim --for vfio ${EDU}`]);
      return true;
    });
    await claims.claim(EDU);
    await assert.rejects(
      new QemuAttachments(ENDED, { pool: pool(), machine }).attach([EDU]),
      /without a driver: QEMU takes it from vfio-pci only/,
    );
  });

  test('a function of a group of which a driver of the host has a part is refused, and stays as it is', async () => {
    await claims.claim(EDU, 'vfio');
    const own = pool();
    await assert.rejects(new QemuAttachments(ENDED, { pool: own, machine }).attach([EDU]), (error) => {
      assert.ok(error instanceof OpenslotError);
      assert.deepEqual(
        [error.code, error.next],
        ['QEMU_GROUP_NOT_VIABLE', `openslot claim --for vfio ${BESIDE}`],
      );
      return true;
    });
    assert.deepEqual(statesOf(own), [`${EDU} free`]);
  });

  test('a machine that has ended gets nothing', async () => {
    await claims.claim(FREE, 'vfio');
    const own = pool();
    await assert.rejects(
      new QemuAttachments(ENDED, { pool: own, machine }).attach([FREE]),
      code('QMP_UNREACHABLE'),
    );
    assert.deepEqual(statesOf(own), [`${FREE} free`]);
  });
});

describe('a machine that has ended', () => {
  /** As a process that is no more has left it. */
  function given(...addresses: readonly (typeof EDU)[]): void {
    for (const address of addresses) {
      using fn = machine.open(address);
      const taken = { taker: `qmp:${ENDED}`, saved: saveState(fn.config) };
      const record = journal.records().find((one) => one.address.equals(address));
      assert.ok(record !== undefined);
      journal.put({ ...record, taken });
    }
  }

  test('gives back what the record says it had, in whole groups', async () => {
    await claims.claim(EDU, 'vfio');
    await claims.claim(BESIDE, 'vfio');
    given(EDU, BESIDE);
    const own = pool();
    const attachments = new QemuAttachments(ENDED, { pool: own, machine });
    assert.deepEqual(attachments.has().map(String), [String(EDU), String(BESIDE)]);
    await assert.rejects(attachments.detach([EDU]), code('QEMU_GROUP_KEPT'));
    const { asked, functions } = await attachments.detach([EDU, BESIDE]);
    assert.equal(asked, false);
    assert.deepEqual(
      functions.map(({ address }) => String(address)),
      [String(EDU), String(BESIDE)],
    );
    assert.deepEqual(statesOf(own), [`${EDU} free`, `${BESIDE} free`]);
  });

  test('has only what was given to it', async () => {
    await claims.claim(EDU, 'vfio');
    const attachments = new QemuAttachments(ENDED, { pool: pool(), machine });
    await assert.rejects(attachments.detach([EDU]), code('QEMU_NOT_GIVEN'));
    await assert.rejects(attachments.detach([FREE]), code('FUNCTION_NOT_CLAIMED'));
    await assert.rejects(attachments.detach([EDU, EDU]), code('FUNCTION_NAMED_TWICE'));
  });
});

describe(`QEMU ${qemu?.version ?? ''}`, { skip }, () => {
  let virtual: RestingMachine;
  before(async () => {
    assert.ok(qemu !== undefined);
    virtual = await RestingMachine.start({ ...qemu, ports: 1 });
  });
  after(async () => virtual[Symbol.asyncDispose]());

  test('says no to a function that is not there, and the pool is as before', async () => {
    await claims.claim(FREE, 'vfio');
    const own = pool();
    const attachments = new QemuAttachments(virtual.monitor, { pool: own, machine });
    await assert.rejects(attachments.attach([FREE]), code('ATTACH_UNSAFE'));
    await assert.rejects(attachments.attach([FREE], { allow: ['no-reset'] }), code('QEMU_NO_DEVICE'));
    await assert.rejects(
      attachments.attach([FREE], { allow: ['no-reset'], bus: 'nowhere' }),
      code('QEMU_BUS_UNKNOWN'),
    );
    assert.deepEqual(statesOf(own), [`${FREE} free`]);
    assert.deepEqual(statesOf(pool()), [`${FREE} free`], 'and so it is recorded');
  });

  test('is planned for without a change, here and there', async () => {
    await claims.claim(FREE, 'vfio');
    const own = pool();
    const attachments = new QemuAttachments(virtual.monitor, { pool: own, machine });
    await assert.rejects(attachments.planAttach([FREE]), code('ATTACH_UNSAFE'));
    const plan = await attachments.planAttach([FREE], { allow: ['no-reset'], bus: 'port1' });
    assert.deepEqual(
      plan.findings.map((finding) => finding.code),
      ['no-reset'],
    );
    assert.deepEqual(
      plan.steps.map(({ what }) => what),
      [
        `record in the pool that ${attachments.taker} has ${FREE}`,
        'have QEMU add it to port1 as openslot-0000-fc-02.0',
      ],
    );
    assert.deepEqual(statesOf(pool()), [`${FREE} free`]);
    await assert.rejects(attachments.planDetach([FREE]), code('QEMU_NOT_GIVEN'));
  });

  test('is asked what it has: a record of a machine before it does not keep a function', async () => {
    await claims.claim(FREE, 'vfio');
    const before = pool();
    using former = new QemuAttachments(virtual.monitor, { pool: before, machine });
    before.take(FREE, former.taker);
    const own = pool();
    assert.deepEqual(statesOf(own), [`${FREE} taken`]);
    const { asked } = await new QemuAttachments(virtual.monitor, { pool: own, machine }).detach([FREE]);
    assert.equal(asked, true);
    assert.deepEqual(statesOf(own), [`${FREE} free`]);
  });
});

/** As QEMU 7.2 and 10.0 say it (hw/vfio, hw/pci, system/qdev-monitor.c), with the functions of a real host. */
const SAID: readonly (readonly [said: string, code: string])[] = [
  ['vfio 0000:03:01.0: group 5 is not viable', 'QEMU_GROUP_NOT_VIABLE'],
  ['vfio 0000:03:01.0: failed to open /dev/vfio/5: Device or resource busy', 'QEMU_GROUP_BUSY'],
  ['vfio 0000:03:01.0: group 5 used in multiple address spaces', 'QEMU_GROUP_BUSY'],
  ['vfio 0000:03:01.0: failed to open /dev/vfio/5: Permission denied', 'QEMU_GROUP_PERMISSION'],
  [
    'vfio 0000:03:01.0: failed to setup container for group 5: memory listener initialization failed: Region pc.ram: vfio_dma_map(0x5581, 0x0, 0xa0000, 0x7f12) = -12 (Cannot allocate memory)',
    'QEMU_LOCKED_LIMIT',
  ],
  [
    'vfio 0000:03:01.0: failed to setup container for group 5: Failed to set iommu for container: Operation not permitted',
    'QEMU_UNSAFE_INTERRUPTS',
  ],
  [
    'vfio 0000:03:01.0: failed to setup container for group 5: memory listener initialization failed: Region pc.ram: vfio_dma_map(0x5581, 0xfee00000, 0x100000, 0x7f12) = -22 (Invalid argument)',
    'QEMU_DMA_REFUSED',
  ],
  ['vfio 0000:03:01.0: no iommu_group found: No such file or directory', 'QEMU_NO_IOMMU'],
  ['vfio 0000:03:01.0: failed to open /dev/vfio/5: No such file or directory', 'QEMU_NO_IOMMU'],
  ["Bus 'pcie.0' does not support hotplugging", 'QEMU_NO_HOT_PLUG'],
  ["Bus 'port9' not found", 'QEMU_BUS_UNKNOWN'],
  ["Bus 'port1' is full", 'QEMU_BUS_UNKNOWN'],
  [
    'PCI: slot 0 function 0 already occupied by pci-testdev, new func vfio-pci cannot be exposed to guest.',
    'QEMU_SLOT_TAKEN',
  ],
  ['PCI: slot 4 function 0 not available for vfio-pci, in use by e1000', 'QEMU_SLOT_TAKEN'],
  ["'vfio-pci' is not a valid device model name", 'QEMU_WITHOUT_VFIO'],
  ['the moon is full', 'QEMU_REFUSED'],
];

test('QEMU’s words are told apart, kept, and followed by what helps', () => {
  const others = [{ address: BESIDE, driver: 'e1000' }];
  for (const [said, expected] of SAID) {
    const error = refusalOf(said, {
      address: EDU,
      group: 5,
      others,
      bus: 'port1',
    });
    assert.equal(error.code, expected, said);
    assert.equal(error.evidence['said'], said);
    assert.notEqual(error.next, '');
    if (expected === 'QEMU_GROUP_NOT_VIABLE') assert.match(error.next, /claim --for vfio 0000:fd:02\.0/);
  }
});
