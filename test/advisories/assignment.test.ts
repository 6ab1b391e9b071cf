/** Lessons of advisories about assignment: who reaches what, from the attach to what comes after the detach. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Iova } from '../../src/function/index.js';
import { PciAddress } from '../../src/pci/index.js';
import { XenCallError } from '../../src/xen/errors.js';
import type { AttachUnsafeError } from '../../src/admin/index.js';
import { disk, edu, testdev } from '../function/shapes.js';
import type { PlacedShape } from '../function/simulated-host.js';
import { AttachedHost, spec } from '../admin/attached-host.js';

const DISK = disk().address;
const SIBLINGS = [0, 1, 2].map((fn) => new PciAddress(0, 0, 8, fn));

/** A device of three functions. */
function device() {
  const [first, second, third] = SIBLINGS;
  return [disk(first), { ...edu(second), driver: 'edu' }, testdev(third)];
}

/** Both on one line, and in one page. */
function neighbours(): readonly [PlacedShape, PlacedShape] {
  return [
    {
      ...testdev(new PciAddress(0, 0, 8, 0)),
      pin: 1 as const,
      regions: [
        {
          index: 0,
          kind: 'memory' as const,
          size: 0x100,
          address: 0xfeb8_b000n,
          prefetchable: false,
          wide: false,
        },
        { index: 1, kind: 'io' as const, size: 0x20, address: 0xc000n, prefetchable: false, wide: false },
      ],
    },
    {
      ...testdev(new PciAddress(0, 0, 0x10, 0)),
      pin: 1 as const,
      regions: [
        {
          index: 0,
          kind: 'memory' as const,
          size: 0x100,
          address: 0xfeb8_b800n,
          prefetchable: false,
          wide: false,
        },
      ],
    },
  ];
}

describe('assignment', () => {
  test('XSA-302: a function that comes back reaches nothing, whatever it still has under way', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()] });
    using program = host.machine.open(DISK);
    const buffer = await program.dma?.allocate(4096);
    assert.ok(buffer !== undefined);
    const device = host.machine.device(DISK);
    const reach = (iova: number | bigint) => {
      // It masters the bus again, whoever switched that off.
      program.config.write(4, 2, program.config.read(4, 2) | 4);
      return device.bus.dmaWrite(BigInt(iova) as Iova, Uint8Array.of(1, 2, 3, 4));
    };
    for (const [guest, leave] of [
      [1, () => host.attachments.detach(host.domain(1).id, DISK)],
      [2, () => host.dies(2)],
    ] as const) {
      await host.running(guest);
      const { memory } = host.domain(guest);
      const end = memory.base + memory.buffer.byteLength - 4096;
      await host.attachments.attach(host.domain(guest).id, DISK);
      assert.equal(reach(end), 'done', 'its own guest’s memory');
      assert.equal(reach(buffer.iova), 'fault', 'nobody else’s');
      await leave();
      await host.settled(() => host.states()[0]?.endsWith('free') === true);
      for (const iova of [end, buffer.iova]) assert.equal(reach(iova), 'fault');
      assert.equal(host.machine.sim.iommuFaults.recent.at(-1)?.why, 'quarantined');
      assert.deepEqual(buffer.bytes.subarray(0, 4), new Uint8Array(4));
    }
  });

  test('XSA-449: of what belongs together all is assigned, or the whole fails', async () => {
    await using host = await AttachedHost.start({ shapes: device() });
    await host.running(1);
    const { assignment } = host.tools;
    const assign = assignment.assign.bind(assignment);
    const guest = host.domain(1).id;
    for (const broken of SIBLINGS) {
      assignment.assign = (to, address) => {
        if (address.equals(broken)) throw new XenCallError('assigning a function', 'EIO', {});
        assign(to, address);
      };
      await assert.rejects(host.attachments.attach(guest, spec('00:08.*')), { code: 'XEN_CALL_FAILED' });
      assert.deepEqual(host.granted(), [], `${broken} was refused`);
      assert.deepEqual(host.pciKeys(), []);
      assert.ok(
        host.states().every((state) => state.endsWith('free')),
        host.states().join(),
      );
    }
    assignment.assign = assign;
    await host.attachments.attach(guest, spec('00:08.*'));
    const assigned = host.granted().filter((entry) => entry.includes('function'));
    assert.equal(assigned.length, SIBLINGS.length);
  });

  test('XSA-449: a guest cannot give its function more requester ids than were assigned', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()] });
    const front = await host.running(1);
    await host.attachments.attach(host.domain(1).id, DISK);
    const control = 0x88;
    const before = host.machine.device(DISK).read(control, 2);
    front.ask({ command: 1, domain: 0, bus: 0, devfn: 0, offset: control, size: 2, value: before | 0x0200 });
    assert.equal(host.machine.device(DISK).read(control, 2), before, 'phantom functions stay off');
  });

  test('XSA-461: what shares a line or a page with a function of somebody else is refused, until that is allowed by name', async () => {
    const [first, second] = neighbours();
    await using host = await AttachedHost.start({ shapes: [first, second], allowed: ['no-reset'] });
    for (const guest of [1, 2]) await host.running(guest);
    const [owner, other] = [host.domain(1).id, host.domain(2).id];
    await host.attachments.attach(owner, first.address);
    const before = host.granted();
    for (const allow of [[], ['shared-page'], ['shared-interrupt']] as const) {
      await assert.rejects(
        host.attachments.attach(other, spec(String(second.address)), { allow }),
        ({ code, evidence }: AttachUnsafeError) => {
          const found = evidence['findings'];
          const left = ['shared-interrupt', 'shared-page'].filter(
            (name) => !allow.some((one) => one === name),
          );
          assert.deepEqual([code, found], ['ATTACH_UNSAFE', left]);
          return true;
        },
      );
      assert.deepEqual(host.granted(), before);
      assert.deepEqual(
        host.states().map((state) => state.split(' ')[1]),
        ['taken', 'free'],
      );
    }
    const allow = ['shared-interrupt', 'shared-page'] as const;
    await host.attachments.attach(other, spec(String(second.address)), { allow });
    // Who has it is told of as long as he has it: a detach of the one leaves the other its own.
    await host.attachments.detach(owner, first.address);
    assert.ok(host.granted().every((entry) => entry.startsWith(`${other} `)));
  });

  test('XSA-476: with a function goes what was granted with it, and nothing that another one needs', async () => {
    const [first, neighbour] = neighbours();
    await using host = await AttachedHost.start({ shapes: [first, neighbour] });
    await host.running(1);
    const guest = host.domain(1).id;
    await host.attachments.attach(guest, first.address);
    const alone = host.granted();
    await host.attachments.attach(guest, neighbour.address);
    await host.attachments.detach(guest, neighbour.address);
    assert.deepEqual(host.granted(), alone, 'the first one’s page, ports and line are all there');
    await host.attachments.attach(guest, neighbour.address);
    await host.attachments.detach(guest, first.address);
    const left = host.granted();
    assert.ok(
      left.some((entry) => entry.includes('memory feb8b')),
      left.join(),
    );
    assert.ok(
      left.some((entry) => entry.includes('pirq')),
      left.join(),
    );
    assert.ok(!left.some((entry) => entry.includes('port')), left.join());
    await host.attachments.detach(guest, neighbour.address);
    assert.deepEqual(host.granted(), []);
  });
});
