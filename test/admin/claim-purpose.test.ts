/** Claims for guests and for programs: the driver that keeps the function, and what must be claimed besides. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HostClaims } from '../../src/admin/index.js';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { notations, OpenslotError } from '../../src/pci/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';
import { disk } from '../function/shapes.js';
import { LocalHost } from '../xen/local-host.js';
import { treeText } from '../xen/store/tree-text.js';

const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;

/** Behind a bridge to conventional PCI the IOMMU tells no function from its neighbours. */
const GROUPED = `
roots:
  - bus: 0
    slots:
      - slot: "01"
        bridge: {aliases: true}
        bus:
          - {slot: "01", model: edu, driver: edu}
          - {slot: "02", model: testdev, driver: testdev}
          - {slot: "03", model: testdev}
`;
const EDU = notations.hex.parse('01:01.0');
const NEIGHBOUR = notations.hex.parse('01:02.0');

function hostWithout(xen: undefined, description?: string) {
  const machine = new SimMachine(description === undefined ? undefined : parseMachine(description));
  return { machine, claims: new HostClaims(new Pool(machine, new MemoryJournal()), machine, xen) };
}

describe('without Xen', () => {
  test('nothing said, a function is kept by having no driver', async () => {
    const { machine, claims } = hostWithout(undefined, GROUPED);
    assert.deepEqual(await claims.claim(EDU), {
      address: EDU,
      holder: undefined,
      formerDriver: 'edu',
      quarantined: false,
    });
    assert.equal(machine.drivers.binding(EDU).driver, undefined);
  });

  test('for VFIO it is vfio-pci’s, and the others of its group are named until they are, too', async () => {
    const { machine, claims } = hostWithout(undefined, GROUPED);
    const report = await claims.claim(EDU, 'vfio');
    assert.deepEqual(report, {
      address: EDU,
      holder: 'vfio-pci',
      formerDriver: 'edu',
      quarantined: false,
      // The third function has no driver: it stands in nobody's way.
      others: [{ address: NEIGHBOUR, driver: 'testdev' }],
    });
    const second = await claims.claim(NEIGHBOUR, 'vfio');
    assert.equal(second.others, undefined);
    await claims.release(EDU);
    await claims.release(NEIGHBOUR);
    assert.deepEqual(
      [EDU, NEIGHBOUR].map((address) => machine.drivers.binding(address)),
      [
        { driver: 'edu', override: undefined },
        { driver: 'testdev', override: undefined },
      ],
    );
  });

  test('what the host has not is refused before anything changes', async () => {
    const { machine, claims } = hostWithout(undefined, `iommu: false\n${GROUPED}`);
    await assert.rejects(claims.claim(EDU, 'vfio'), code('CLAIM_PURPOSE'));
    await assert.rejects(claims.claim(EDU, 'xen'), code('CLAIM_PURPOSE'));
    await assert.rejects(claims.claim(EDU, 'uio'), code('DRIVER_NOT_LOADED'));
    assert.deepEqual(machine.drivers.binding(EDU), { driver: 'edu', override: undefined });
  });
});

test('on Xen a program’s function is none of the hypervisor’s: no quarantine, nothing for libxl to remember', async () => {
  await using host = new LocalHost([disk()]);
  const { address } = disk();
  host.machine.drivers.start(address, 'nvme');
  const claims = new HostClaims(host.pool, host.machine, host.platform);
  const report = await claims.claim(address, 'vfio');
  assert.deepEqual([report.holder, report.quarantined], ['vfio-pci', false]);
  assert.equal(treeText(host.server).includes('libxl/pci'), false);
  await claims.release(address);
  assert.deepEqual(host.platform.assigned, []);
  assert.equal(host.machine.drivers.binding(address).driver, 'nvme');
  assert.equal((await claims.claim(address, 'xen')).holder, 'pciback');
  assert.deepEqual(host.platform.assigned, [`quarantine ${address}`]);
  await claims.release(address);
  assert.deepEqual(host.platform.assigned, [`quarantine ${address}`, `unquarantine ${address}`]);
});
