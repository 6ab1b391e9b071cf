/** Attach and detach with a real back end: what the guest gets, what is undone, who is refused and who is named as silent. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OpenslotError, PciAddress } from '../../src/pci/index.js';
import { domainId } from '../../src/xen/domain.js';
import { disk, edu, testdev } from '../function/shapes.js';
import type { PlacedShape } from '../function/simulated-host.js';
import { toolStackAttaches, toolStackCreates } from '../pciback/front-end.js';
import { grantFunction } from '../xen/local-host.js';
import { AttachedHost, spec, target } from './attached-host.js';

const DISK = '0000:00:08.0';
const EDU = '0000:00:05.0';
const DISK_GRANTS = [
  '1 function 0000:00:08.0',
  '1 pirq 10',
  ...Array.from({ length: 0x20 }, (_, port) => `1 port ${(0xc140 + port).toString(16)}`),
  ...['febd0', 'febd1', 'febd2', 'febd3'].map((frame) => `1 memory ${frame}`),
].sort();

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof OpenslotError, String(error));
  assert.equal(error.code, expected, error.message);
  return true;
};

/** Two functions of one device whose registers share a page and whose interrupts share a line. */
function half(fn: number): PlacedShape {
  const address = new PciAddress(0, 0, 9, fn);
  return {
    ...testdev(address),
    pin: 1,
    regions: [
      {
        index: 0,
        kind: 'memory',
        size: 0x800,
        address: 0xfe00_0000n + BigInt(fn) * 0x800n,
        prefetchable: false,
        wide: false,
      },
    ],
  };
}

describe('a plan', () => {
  test('says what an attach and a detach would do, and changes nothing', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu()], claimed: [disk()] });
    await host.running(1);
    const driver = () => host.machine.drivers.binding(edu().address).driver;
    const [before, held] = [host.pciKeys(), driver()];
    const plan = await host.attachments.planAttach('guest1', [spec('00:08.0'), spec('00:05.0,seize=1')]);
    assert.equal(plan.what, 'attach guest1 0000:00:08.0 0000:00:05.0,seize=1');
    const steps = plan.steps.map(({ what }) => what);
    assert.ok(steps.includes(`bind ${EDU} to pciback`), steps.join('\n'));
    assert.ok(!steps.includes(`bind ${DISK} to pciback`), 'claimed already');
    assert.ok(steps.findIndex((step) => step.startsWith('grant')) > steps.indexOf(`bind ${EDU} to pciback`));
    assert.ok(
      plan.findings.some(({ code: name, severity }) => name === 'no-reset' && severity === 'unsafe'),
      'what would be refused is told and not thrown',
    );
    assert.deepEqual([host.pciKeys(), driver(), host.granted()], [before, held, []]);
    await host.attachments.attach('guest1', spec('00:08.0'));
    const given = host.pciKeys();
    const { steps: back } = await host.attachments.planDetach('guest1', target('00:08.0'));
    assert.equal(back[0]?.what, `ask guest guest1 to let go of ${DISK}, and wait for it`);
    assert.deepEqual(host.pciKeys(), given);
  });
});

describe('a guest that runs', () => {
  test('gets a function, exactly what goes with it, and loses it again', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()] });
    const front = await host.running(1);
    const before = host.pciKeys();
    const { resets } = host.machine.device(disk().address);
    assert.deepEqual(await host.attachments.attach('guest1', spec('00:08.0')), {
      guest: { domain: 1, name: 'guest1' },
      functions: [{ address: disk().address, virtual: new PciAddress(0, 0, 0, 0) }],
      frontEnd: 'connected',
      remarks: [],
      findings: [],
    });
    assert.ok(host.machine.device(disk().address).resets > resets, 'reset before the guest has it');
    assert.equal(front.read(0, 0, 4).value, 0x0010_1b36);
    assert.deepEqual(host.granted(), DISK_GRANTS);
    assert.deepEqual(
      host.pciKeys().filter((line) => line.includes('openslot/')),
      [
        '/libxl/1/openslot/00000000-0000-4000-8000-000000000001 = "" (n0)',
        '/libxl/1/openslot/00000000-0000-4000-8000-000000000001/0000-00-08-0 = "memory:febd0+4 ports:c140+20 pirq:16" (n0)',
      ],
    );
    assert.deepEqual(host.states(), [`${DISK} taken`]);
    assert.deepEqual(await host.attachments.detach('1', target('00:08.0')), {
      guest: { domain: 1, name: 'guest1' },
      functions: [disk().address],
      forced: false,
      unsettled: [],
    });
    assert.deepEqual([host.granted(), host.states(), host.pciKeys()], [[], [`${DISK} free`], before]);
  });

  test('gets one more and one less, and the others stay', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu(), testdev()] });
    const front = await host.running(1);
    for (const text of ['00:05.0', '00:08.0@5', '00:06.0,permissive=1']) {
      const { frontEnd, remarks } = await host.attachments.attach('guest1', spec(text));
      assert.equal(frontEnd, 'connected');
      assert.deepEqual(
        remarks.filter((remark) => !/was not reset|has no reset/.test(remark)),
        text.includes('permissive')
          ? [
              'permissive=1 has no effect: what the guest may write stays as the policy says; openslot trace shows what' +
                ' it is refused, and openslot policy learn makes a policy of that',
            ]
          : [],
      );
    }
    const keys = await front.backKeys();
    assert.deepEqual(
      [keys['vdev-1'], keys['vdevfn-1'], keys['opts-2'], keys['num_devs']],
      ['0000:00:05.00', '28', 'msitranslate=0,power_mgmt=0,permissive=1,rdm_policy=strict', '3'],
    );
    await host.attachments.detach('guest1', target('00:05.0'));
    const left = await front.backKeys();
    assert.deepEqual(
      [left['dev-0'], left['vdevfn-0'], left['vdev-1'], left['dev-2'], left['num_devs']],
      [DISK, '28', '0000:00:01.00', undefined, '2'],
    );
    assert.equal(front.read(5 << 3, 0, 4).value, 0x0010_1b36);
    assert.equal(front.read(1 << 3, 0, 4).value, 0x0005_1b36);
    assert.deepEqual(host.states(), [`${EDU} free`, '0000:00:06.0 taken', `${DISK} taken`]);
  });

  test('gets all functions of a device in one slot, and loses what one of them shares only with the last', async () => {
    await using host = await AttachedHost.start({ shapes: [half(0), half(3)] });
    await host.running(1);
    const { functions } = await host.attachments.attach('guest1', spec('00:09.*@7'));
    assert.deepEqual(
      functions.map(({ address, virtual }) => `${address} ${String(virtual)}`),
      ['0000:00:09.0 0000:00:07.0', '0000:00:09.3 0000:00:07.3'],
    );
    const shared = ['1 function 0000:00:09.3', '1 memory fe001', '1 pirq 11'];
    assert.deepEqual(host.granted(), [
      '1 function 0000:00:09.0',
      shared[0],
      '1 memory fe000',
      ...shared.slice(1),
    ]);
    await host.attachments.detach('guest1', target('00:09.0'));
    assert.deepEqual(host.granted(), shared);
    await host.attachments.attach('guest1', spec('00:09.0'));
    await host.attachments.detach('guest1', target('00:09.*'));
    assert.deepEqual(host.granted(), []);
  });

  test('two functions in one page: the page is the guest’s until both are gone', async () => {
    const [low, high] = [half(0), half(1)];
    await using host = await AttachedHost.start({ shapes: [low, high] });
    await host.running(1);
    for (const { address } of [low, high]) await host.attachments.attach('guest1', spec(String(address)));
    await host.attachments.detach('guest1', target(String(low.address)));
    assert.deepEqual(host.granted(), ['1 function 0000:00:09.1', '1 memory fe000', '1 pirq 11']);
    await host.attachments.detach('guest1', target(String(high.address)));
    assert.deepEqual(host.granted(), []);
  });

  test('gets what the host has still, when it is told to seize it', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()], claimed: [] });
    host.machine.drivers.start(disk().address, 'nvme');
    await host.running(1);
    await assert.rejects(host.attachments.attach('guest1', spec('00:08.0')), code('FUNCTION_NOT_CLAIMED'));
    // The claim is undone, too.
    host.tools.failing = { call: 'memory', errno: 'EPERM' };
    await assert.rejects(host.attachments.attach('guest1', spec('00:08.0,seize=1')), code('XEN_CALL_FAILED'));
    assert.deepEqual([host.states(), host.machine.drivers.binding(disk().address).driver], [[], 'nvme']);
    await host.attachments.attach('guest1', spec('00:08.0,seize=1'));
    assert.deepEqual(host.states(), [`${DISK} taken`]);
  });
});

describe('a guest that does not run yet', () => {
  test('finds what was attached cold, one after the other, and not what left before', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu(), testdev()] });
    host.born(1);
    for (const text of ['00:05.0', '00:06.0', '00:08.0'])
      assert.equal((await host.attachments.attach('guest1', spec(text))).frontEnd, 'paused');
    await host.attachments.detach('guest1', target('00:05.0'));
    assert.deepEqual(host.states(), [`${EDU} free`, '0000:00:06.0 taken', `${DISK} taken`]);
    const front = host.front(1);
    await front.connect();
    assert.deepEqual(
      [0, 8, 16].map((devfn) => front.read(devfn, 0, 4).error),
      [-1, 0, 0],
    );
    assert.equal((await front.backKeys())['num_devs'], '2');
  });

  test('without a front end that ever connects, the attach is told as waiting', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()], patience: 300 });
    host.born(1);
    host.guestPlatform(1);
    assert.equal((await host.attachments.attach('guest1', spec('00:08.0'))).frontEnd, 'waiting');
    await host.attachments.detach('guest1', target('00:08.0'));
    assert.deepEqual(host.states(), [`${DISK} free`]);
  });
});

describe('all or nothing', () => {
  for (const [call, errno, expected] of [
    ['assign', 'EOPNOTSUPP', 'GUEST_NOT_PREPARED'],
    ['assign', 'EBUSY', 'XEN_CALL_FAILED'],
    ['memory', 'EPERM', 'XEN_CALL_FAILED'],
    ['ports', 'EPERM', 'XEN_CALL_FAILED'],
    ['interrupt', 'EPERM', 'XEN_CALL_FAILED'],
  ] as const) {
    test(`${call} refused with ${errno}: everything is as before`, async () => {
      await using host = await AttachedHost.start({ shapes: [disk(), edu()] });
      await host.running(1);
      await host.attachments.attach('guest1', spec('00:05.0'));
      const before = [host.granted(), host.pciKeys(), host.states()];
      host.tools.failing = { call, errno };
      await assert.rejects(host.attachments.attach('guest1', spec('00:08.0')), code(expected));
      assert.deepEqual([host.granted(), host.pciKeys(), host.states()], before);
      assert.equal(host.tools.mapped.length, 1);
      await host.attachments.attach('guest1', spec('00:08.0'));
    });
  }

  test('a slot that is taken: the back end’s own refusal, and the guest keeps what it has', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu()] });
    const front = await host.running(1);
    await host.attachments.attach('guest1', spec('00:05.0@4'));
    const before = [host.granted(), host.pciKeys(), host.states()];
    await assert.rejects(host.attachments.attach('guest1', spec('00:08.0@4')), code('VIRTUAL_SLOT_TAKEN'));
    assert.deepEqual([host.granted(), host.pciKeys(), host.states()], before);
    assert.equal(front.read(4 << 3, 0, 4).value, 0x11e8_1234);
    await host.attachments.attach('guest1', spec('00:08.0'));
  });

  test('a function that comes back broken from its reset is quarantined, and nobody gets it', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()] });
    await host.running(1);
    const before = host.pciKeys();
    host.machine.sim.inject(disk().address, { fault: 'hung_reset' });
    await assert.rejects(host.attachments.attach('guest1', spec('00:08.0')), code('FUNCTION_QUARANTINED'));
    assert.deepEqual([host.granted(), host.pciKeys()], [[], before]);
  });

  test('two guests want one function: one has it, and the other is told', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()] });
    await Promise.all([host.running(1), host.running(2)]);
    const results = await Promise.allSettled(
      ['guest1', 'guest2'].map((name) => host.attachments.attach(name, spec('00:08.0'))),
    );
    const refused = results.filter((one) => one.status === 'rejected');
    assert.equal(refused.length, 1);
    assert.ok(code('FUNCTION_TAKEN')(refused[0]?.reason));
    assert.deepEqual(host.states(), [`${DISK} taken`]);
    assert.equal(new Set(host.granted().map((entry) => entry.split(' ')[0])).size, 1);
  });
});

describe('refusals before anything is changed', () => {
  test('each with its own code', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu()], claimed: [disk()] });
    host.born(1, { name: 'web' });
    host.born(2, { name: 'web' });
    host.born(3, { name: 'windows', type: 'hvm' });
    host.born(4, { name: 'modern', type: 'pvh' });
    host.born(5, { name: '7' });
    const before = [host.pciKeys(), host.states()];
    const attach = (guest: string, text: string) => host.attachments.attach(guest, spec(text));
    const unknown = attach('nobody', '00:08.0');
    await assert.rejects(unknown, /there is web \(1\), web \(2\), windows \(3\), modern \(4\), 7 \(5\)/);
    await assert.rejects(attach('Domain-0', '00:08.0'), code('GUEST_UNKNOWN'));
    await assert.rejects(attach('0', '00:08.0'), code('GUEST_UNKNOWN'));
    await assert.rejects(attach('web', '00:08.0'), /the name of 2 guests/);
    await assert.rejects(attach('7', '00:05.0'), code('FUNCTION_NOT_CLAIMED'));
    await assert.rejects(attach('1', '00:05.*'), code('FUNCTION_NOT_CLAIMED'));
    await assert.rejects(attach('1', '00:0a.0'), code('FUNCTION_NOT_FOUND'));
    await assert.rejects(attach('1', 'name=fast'), code('FUNCTION_NAME_UNKNOWN'));
    await assert.rejects(host.attachments.detach('1', target('00:08.0')), code('FUNCTION_NOT_ATTACHED'));
    assert.deepEqual([host.pciKeys(), host.states()], before);
    // What xl gave away is not ours to give.
    host.store.write('/libxl/pci/0000-00-08-0/domid', '9');
    await assert.rejects(attach('1', '00:08.0'), code('FUNCTION_TAKEN'));
    assert.equal(host.store.read('/libxl/pci/0000-00-08-0/domid'), '9');
  });

  test('a guest that is not PV: what gives it a function instead, by its type', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()] });
    host.born(3, { name: 'windows', type: 'hvm' });
    host.born(4, { name: 'modern', type: 'pvh' });
    host.born(5, { name: 'foreign', type: 'something' });
    const before = [host.pciKeys(), host.states()];
    const refusal = async (request: Promise<unknown>) => {
      const error = await request.then(
        () => assert.fail('it was done'),
        (reason: unknown) => reason,
      );
      assert.ok(code('GUEST_NOT_PV')(error) && error instanceof OpenslotError);
      return `${error.message} | ${error.next}`;
    };
    const attach = (guest: string) => refusal(host.attachments.attach(guest, spec('00:08.0@4')));
    const detach = (guest: string) => refusal(host.attachments.detach(guest, target('00:08.0')));
    assert.match(await attach('windows'), /windows is HVM: .* \| xl pci-attach windows 0000:00:08\.0@04: /);
    assert.match(await detach('windows'), /windows is HVM: .* \| xl pci-detach windows 0000:00:08\.0: /);
    for (const done of [await attach('modern'), await detach('modern')]) {
      assert.match(done, /modern is PVH: .* \| Xen has no passthrough for PVH guests yet: .*type="pv"/);
      assert.doesNotMatch(done, /xl pci-/);
    }
    // Where libxl's node does not tell it, the hypervisor does.
    host.tools.told = { type: 'pvh' };
    assert.match(await attach('foreign'), /foreign is PVH/);
    host.tools.told = { type: 'hvm' };
    assert.match(await detach('foreign'), /foreign is HVM/);
    assert.deepEqual([host.pciKeys(), host.states()], before);
    host.tools.told = {};
    await host.running(6);
    host.store.write('/libxl/6/type', 'something');
    const { frontEnd } = await host.attachments.attach('guest6', spec('00:08.0'));
    assert.equal(frontEnd, 'connected');
  });

  test('a guest of a real Xen maps real memory only', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()], needsMachineFrames: true });
    await host.running(1);
    await assert.rejects(host.attachments.attach('guest1', spec('00:08.0')), code('MACHINE_NOT_MAPPABLE'));
  });
});

describe('who does not answer', () => {
  test('a guest, at an attach: named, and everything is as before', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu()], patience: 300 });
    host.born(1);
    await host.attachments.attach('guest1', spec('00:05.0'));
    const front = host.front(1);
    await front.connect();
    const before = [host.granted(), host.pciKeys(), host.states()];
    await assert.rejects(host.attachments.attach('guest1', spec('00:08.0')), code('GUEST_SILENT'));
    assert.deepEqual([host.granted(), host.pciKeys(), host.states()], before);
    assert.equal(front.read(0, 0, 4).value, 0x11e8_1234);
    await front.follow();
    await host.attachments.attach('guest1', spec('00:08.0'));
  });

  test('a guest that lets go of its old functions and then says no more', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu()], patience: 300 });
    host.born(1);
    await host.attachments.attach('guest1', spec('00:05.0'));
    const front = host.front(1);
    await front.connect();
    const watch = await front.store.watch(`${front.back}/state`, async () => {
      if ((await front.store.read(`${front.back}/state`)) === '7') await front.write({ state: '7' });
    });
    await assert.rejects(host.attachments.attach('guest1', spec('00:08.0')), code('GUEST_SILENT'));
    // The back end had exported it already.
    await host.settled(() => host.states().includes(`${DISK} free`));
    assert.equal(front.read(8, 0, 4).error, -1);
    await watch.unwatch();
  });

  test('a guest, at a detach: it keeps the function, until it is taken by force', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu()], patience: 300 });
    host.born(1);
    for (const text of ['00:05.0', '00:08.0']) await host.attachments.attach('guest1', spec(text));
    const front = host.front(1);
    await front.connect();
    const before = [host.granted(), host.pciKeys(), host.states()];
    await assert.rejects(host.attachments.detach('guest1', target('00:05.0')), (error) => {
      assert.ok(code('GUEST_SILENT')(error) && error instanceof OpenslotError);
      assert.equal(error.next, 'take it without the guest: openslot detach --force guest1 0000:00:05.0');
      return true;
    });
    assert.deepEqual([host.granted(), host.pciKeys(), host.states()], before);
    const { forced, unsettled } = await host.attachments.detach('guest1', target('00:05.0'), { force: true });
    assert.deepEqual([forced, unsettled], [true, []]);
    assert.deepEqual([host.granted(), host.states()], [DISK_GRANTS, [`${EDU} free`, `${DISK} taken`]]);
    assert.equal(front.read(0, 0, 4).error, -1);
    assert.equal(front.read(8, 0, 4).value, 0x0010_1b36);
    // The last one: the pair goes, and the back end with it.
    await host.attachments.detach('guest1', target('00:08.0'), { force: true });
    assert.deepEqual([host.granted(), host.states()], [[], [`${EDU} free`, `${DISK} free`]]);
  });

  test('nobody serves: the back end is named, and no pair is left', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()], serving: false, patience: 200 });
    await host.running(1);
    const before = host.pciKeys();
    await assert.rejects(host.attachments.attach('guest1', spec('00:08.0')), code('BACK_END_SILENT'));
    assert.deepEqual([host.granted(), host.pciKeys(), host.states()], [[], before, [`${DISK} free`]]);
  });

  test('a guest that changes its state between every look at it and the change is taken its functions by force', async () => {
    await using host = await AttachedHost.start({ shapes: [edu()] });
    await host.running(1);
    await host.attachments.attach('guest1', spec('00:05.0'));
    const { store } = host.tools;
    const transaction = store.transaction.bind(store);
    let written = 0;
    Object.assign(store, {
      transaction: ((body) => {
        host.store.write('/local/domain/1/device/pci/0/state', written++ % 2 === 0 ? '4' : '3');
        return transaction(body);
      }) satisfies typeof store.transaction,
    });
    await assert.rejects(host.attachments.detach('guest1', target('00:05.0')), code('XENSTORE_CONTENDED'));
    assert.equal(host.pool.isTaken(edu().address), true);
    const { forced, functions } = await host.attachments.detach('guest1', target('00:05.0'), { force: true });
    assert.deepEqual([forced, functions.map(String)], [true, [EDU]]);
    assert.equal(host.pool.isTaken(edu().address), false);
    assert.deepEqual(host.granted(), []);
  });

  test('a back end that ended leaves its guest’s pair; a later owner takes the function by force, with what was granted', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()], patience: 200 });
    await host.running(1);
    const before = host.pciKeys();
    await host.attachments.attach('guest1', spec('00:08.0'));
    await host.endServing();
    await host.serve();
    await assert.rejects(host.attachments.attach('guest1', spec('00:08.0')), code('FUNCTION_TAKEN'));
    await assert.rejects(host.attachments.detach('guest1', target('00:08.0')), code('BACK_END_SILENT'));
    const { resets } = host.machine.device(disk().address);
    await host.attachments.detach('guest1', target('00:08.0'), { force: true });
    assert.deepEqual([host.granted(), host.pciKeys(), host.states()], [[], before, [`${DISK} free`]]);
    assert.equal(host.machine.device(disk().address).resets, resets + 1);
  });

  test('a front end that closed: nobody has to agree to a detach, and then the guest can begin anew', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu()] });
    const front = await host.running(1);
    for (const text of ['00:05.0', '00:08.0']) await host.attachments.attach('guest1', spec(text));
    await front.write({ state: '5' });
    await front.backState(5);
    await front.write({ state: '6' });
    await front.backState(6);
    await assert.rejects(host.attachments.attach('guest1', spec('00:05.0')), code('FUNCTION_TAKEN'));
    await host.attachments.detach('guest1', target('00:05.0'));
    assert.deepEqual(host.states(), [`${EDU} free`, `${DISK} taken`]);
    await assert.rejects(host.attachments.attach('guest1', spec('00:05.0')), code('PAIR_CLOSED'));
    await host.attachments.detach('guest1', target('00:08.0'));
    assert.equal((await host.attachments.attach('guest1', spec('00:05.0'))).frontEnd, 'connected');
  });
});

describe('with xl', () => {
  test('what it attached is detached, with what it granted', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu()] });
    host.born(1);
    const front = host.front(1);
    const { store } = host.platform;
    await toolStackCreates(store, 1, [EDU]);
    await front.connect();
    await front.follow();
    await toolStackAttaches(store, 1, DISK);
    await host.settled(() => host.states().every((state) => state.endsWith('taken')));
    using fn = host.machine.open(disk().address);
    grantFunction(host.tools, domainId(1), fn);
    assert.deepEqual(host.granted(), DISK_GRANTS);
    for (const key of ['0000-00-05-0', '0000-00-08-0']) host.store.write(`/libxl/pci/${key}/domid`, '1');
    await front.backState(4);
    const { unsettled } = await host.attachments.detach('guest1', target('00:08.0'));
    assert.deepEqual([unsettled, host.granted(), host.tools.mapped], [[], [], []]);
    assert.deepEqual(host.states(), [`${EDU} taken`, `${DISK} free`]);
    assert.equal(host.store.read('/libxl/pci/0000-00-08-0/domid'), undefined);
    assert.equal(host.store.read('/libxl/pci/0000-00-05-0/domid'), '1');
  });

  test('a function goes by the name that xl gave it', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()] });
    const front = await host.running(1);
    host.store.write('/libxl/pci/0000-00-08-0/name', 'fast');
    await host.attachments.attach('guest1', spec('name=fast'));
    assert.equal((await front.backKeys())['name-0'], 'fast');
    await host.attachments.detach('guest1', target('name=fast'));
    assert.deepEqual(host.states(), [`${DISK} free`]);
  });
});

describe('a guest that dies', () => {
  test('while it has functions: they are back, and the store says nothing of it', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu()] });
    const before = host.pciKeys();
    await host.running(1);
    for (const text of ['00:05.0', '00:08.0']) await host.attachments.attach('guest1', spec(text));
    await host.dies(1);
    await host.settled(() => host.states().every((state) => state.endsWith('free')));
    await host.settled(() => host.pciKeys().length === before.length);
    assert.deepEqual(host.pciKeys(), before);
    await host.running(2);
    await host.attachments.attach('guest2', spec('00:08.0'));
    assert.deepEqual(host.errors, []);
  });

  test('while nobody looked: the next owner clears up', async () => {
    await using host = await AttachedHost.start({ shapes: [disk()] });
    host.store.write('/libxl/pci/0000-00-08-0/domid', '44');
    host.store.write('/libxl/44/openslot/x/0000-00-08-0', 'memory:febd0+4');
    await host.restartToolStack();
    await host.settled(() => host.store.read('/libxl/pci/0000-00-08-0/domid') === undefined);
    await host.settled(() => host.store.read('/libxl/44/openslot') === undefined);
  });

  test('in the middle of an attach: told, and nothing is left', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu()] });
    const before = host.pciKeys();
    host.born(1);
    await host.attachments.attach('guest1', spec('00:05.0'));
    const front = host.front(1);
    await front.connect();
    const attach = host.attachments.attach('guest1', spec('00:08.0'));
    attach.catch(() => undefined);
    await front.backState(7);
    await host.dies(1);
    await assert.rejects(attach, code('GUEST_GONE'));
    await host.settled(() => host.states().every((state) => state.endsWith('free')));
    await host.settled(() => host.pciKeys().length === before.length);
    assert.deepEqual(host.pciKeys(), before);
  });
});
