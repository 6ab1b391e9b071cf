/** Our front end in dom0 against Linux's own xen-pciback, from domain 0 to domain 0, on QEMU's edu and e1000e. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { COMPLIANCE_CASES, ComplianceMatrix, type Stimuli } from '../../src/function/compliance/index.js';
import type { PciFunction } from '../../src/function/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { CapabilityId, notations, PciAddress, walkCapabilities } from '../../src/pci/index.js';
import { domainId } from '../../src/xen/domain.js';
import { openNativeGuest, openNativePlatform } from '../../src/xen/native/index.js';
import { backendPath, frontendPath } from '../../src/xen/pciif/index.js';
import type { BoundPirq, GuestPlatform, Pirq } from '../../src/xen/platform.js';
import { Xpci, type BusChange } from '../../src/xpci/index.js';
import {
  toolStackAttaches,
  toolStackCreates,
  toolStackDetaches,
  toolStackForgets,
} from '../pciback/front-end.js';
import { moveBar } from '../pciback/moved-bar.js';
import { until } from '../until.js';

const EDU = notations.hex.parse('00:05.0');
const ETHERNET = notations.hex.parse('00:07.0');
/** Where Linux's virtual bus puts the first and the second function. */
const FIRST = new PciAddress(0, 0, 0, 0);
const SECOND = new PciAddress(0, 0, 1, 0);
const DOM0 = domainId(0);
const FRONT = frontendPath(DOM0);
const BACK = backendPath(DOM0, DOM0);
const HOLDER = 'pciback';

const linux = new LinuxMachine();
const { drivers } = linux;
const found = new Map([EDU, ETHERNET].map((address) => [address, drivers.binding(address)]));
let platform: GuestPlatform;

before(async () => {
  platform = await openNativeGuest();
  // A function that a guest had is Xen's own (dom_io) now, and a domain without the function gets no pirq of it.
  await using host = await openNativePlatform();
  for (const address of [EDU, ETHERNET]) host.assignment.unquarantine(address);
  for (const address of [EDU, ETHERNET]) {
    await drivers.unbind(address);
    await drivers.setOverride(address, HOLDER);
    await drivers.bind(address, HOLDER);
  }
});

after(async () => {
  await removePair();
  for (const [address, { driver, override }] of found) {
    await drivers.unbind(address);
    await drivers.setOverride(address, override);
    if (driver !== undefined) await drivers.bind(address, driver);
  }
  await platform[Symbol.asyncDispose]();
});

function settled(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  return until(condition, async () => `${what}: not reached, states ${await states()}`);
}

/** Both ends' states, as `own/back`. */
async function states(): Promise<string> {
  const [own, back] = [
    await platform.store.read(`${FRONT}/state`),
    await platform.store.read(`${BACK}/state`),
  ];
  return `${own ?? '-'}/${back ?? '-'}`;
}

/** As libxl does it for the last function: both directories at once. */
async function removePair(): Promise<void> {
  await platform.store.transaction(async (tx) => {
    await tx.remove(FRONT);
    await tx.remove(BACK);
  });
  await settled('the kernel forgets the pair', () => !existsSync('/sys/bus/xen-backend/devices/pci-0-0'));
}

async function next(changes: AsyncIterator<BusChange>): Promise<string> {
  const step = await changes.next();
  if (step.done === true) return 'end';
  const change = step.value;
  if ('error' in change) assert.fail(`${change.change}: ${String(change.error)}`);
  return 'address' in change ? `${change.change} ${change.address}` : change.change;
}

describe('without interrupts, as a program in user space is', () => {
  test('connects, finds the function, and closes in order', async () => {
    await toolStackCreates(platform.store, 0, [String(EDU)]);
    const xpci = await Xpci.connect(platform, { withinMs: 20_000 });
    assert.equal(await states(), '4/4');
    assert.deepEqual(
      xpci.list().map(({ address, vendor, device }) => [String(address), vendor, device]),
      [['0000:00:00.0', 0x1234, 0x11e8]],
    );
    assert.deepEqual(
      [xpci.capabilities.interrupts, xpci.capabilities.dma, xpci.capabilities.ioRegions],
      [false, false, false],
    );
    assert.ok(xpci.capabilities.memoryRegions);
    const fn = xpci.open(FIRST);
    assert.deepEqual([fn.interrupts, fn.dma], [undefined, undefined]);
    await xpci.close();
    await settled('the pair closes', async () => (await states()) === '6/6');
    assert.throws(() => fn.config.read(0, 4), { code: 'CONFIG_REFUSED' });
  });

  test('a pair that was closed is not taken for a new one', async () => {
    await assert.rejects(Xpci.connect(platform, { withinMs: 200 }), { code: 'NO_PCI_PAIR' });
    await removePair();
  });
});

/** User space on a real Xen cannot bind a pirq; what is shown is that the back end maps them. */
function recordingPirqs(bound: Pirq[]): GuestPlatform {
  const recorded: BoundPirq = {
    take: () => 0,
    wait: () => false,
    ready: () => Promise.resolve(),
    acknowledge: () => undefined,
    close: () => undefined,
    [Symbol.dispose]: () => undefined,
  };
  return {
    domain: platform.domain,
    store: platform.store,
    rangeKinds: platform.rangeKinds,
    sharePage: (peer) => platform.sharePage(peer),
    offerChannel: (peer) => platform.offerChannel(peer),
    openRange: (kind, base, bytes) => platform.openRange(kind, base, bytes),
    pirqs: {
      bind: (pirq) => {
        bound.push(pirq);
        return recorded;
      },
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Every dword of the guest's view beside the hardware's; bits that the back end makes itself are left out. */
function compareConfig(guest: PciFunction, address: PciAddress): { compared: number; differing: string[] } {
  using host = linux.open(address);
  const own = new Map([
    // Decoding, parity, SERR and INTx-disable are a copy of the guest's own.
    [0x04, 0x0000_ffff],
    // The interrupt line is the kernel's interrupt number.
    [0x3c, 0x0000_00ff],
  ]);
  const pm = walkCapabilities(host.config).entries.find(({ id }) => id === CapabilityId.pm)?.offset;
  // A guest cannot send PME.
  if (pm !== undefined) own.set(pm, 0xf800_0000);
  const differing: string[] = [];
  let compared = 0;
  for (let offset = 0; offset < guest.config.size; offset += 4) {
    const [theirs, ours] = [host.config.read(offset, 4), guest.config.read(offset, 4)];
    compared++;
    if (((theirs ^ ours) & ~(own.get(offset) ?? 0)) !== 0)
      differing.push(`0x${offset.toString(16)}: ${theirs.toString(16)} ${ours.toString(16)}`);
  }
  assert.equal(guest.config.read(0x3c, 1), host.interruptLine);
  assert.equal(guest.interruptLine, host.interruptLine);
  return { compared, differing };
}

/** Enabled bits of a capability's control word, in the hardware. */
function control(address: PciAddress, id: number, bits: number): number {
  using host = linux.open(address);
  const at = walkCapabilities(host.config).entries.find((entry) => entry.id === id)?.offset;
  assert.ok(at !== undefined);
  return host.config.read(at + 2, 2) & bits;
}

describe('one bus', () => {
  const bound: Pirq[] = [];
  let xpci: Xpci;
  let changes: AsyncIterator<BusChange>;

  before(async () => {
    await toolStackCreates(platform.store, 0, [String(EDU)]);
    xpci = await Xpci.connect(recordingPirqs(bound), { withinMs: 20_000 });
    changes = xpci.changes();
    assert.equal(await next(changes), `attached ${FIRST}`);
  });

  test('configuration space is the hardware’s, dword by dword', (context) => {
    using fn = xpci.open(FIRST);
    const { compared, differing } = compareConfig(fn, EDU);
    assert.deepEqual(differing, []);
    assert.equal(compared, 64);
    context.diagnostic(`edu: ${compared} dwords compared with sysfs`);
  });

  test('what a guest may not write stays, and what it may arrives', () => {
    using fn = xpci.open(FIRST);
    using host = linux.open(EDU);
    for (const [offset, width] of [
      [0x00, 4],
      [0x08, 4],
      [0x0d, 1],
      [0x2c, 4],
      [0x3c, 1],
      [0xf0, 4],
    ] as const) {
      const before = host.config.read(offset, width);
      fn.config.write(offset, width, ~fn.config.read(offset, width) >>> 0);
      assert.equal(host.config.read(offset, width), before, `offset 0x${offset.toString(16)}`);
    }
    // The control word of MSI is refused aloud: it is the operations' to change.
    const msi = host.config.read(0x42, 2);
    assert.throws(
      () => {
        fn.config.write(0x42, 2, msi ^ 1);
      },
      { code: 'CONFIG_REFUSED' },
    );
    assert.equal(host.config.read(0x42, 2), msi);
    const line = host.config.read(0x0c, 1);
    fn.config.write(0x0c, 1, 0x10);
    assert.equal(host.config.read(0x0c, 1), 0x10);
    fn.config.write(0x0c, 1, line);
  });

  test('regions are those of sysfs', () => {
    using fn = xpci.open(FIRST);
    using host = linux.open(EDU);
    assert.deepEqual(fn.regions, host.regions);
    assert.equal(host.config.read(0x10, 4), fn.config.read(0x10, 4));
  });

  test('a BAR that is given another address reads the one from before, and is sized as before', () => {
    using fn = xpci.open(FIRST);
    using host = linux.open(EDU);
    const before = fn.config.read(0x10, 4);
    for (const place of [0x1_0000_0000n, 0xfe00_0000n])
      assert.deepEqual(moveBar(fn.config, 0x10, place), [before]);
    fn.config.write(0x10, 4, 0xffff_ffff);
    assert.equal(fn.config.read(0x10, 4), 0xfff0_0000);
    fn.config.write(0x10, 4, before);
    assert.deepEqual([fn.config.read(0x10, 4), host.config.read(0x10, 4)], [before, before]);
  });

  test('edu answers through its BAR: identification, liveness, a factorial', () => {
    using fn = xpci.open(FIRST);
    fn.setEnabled(true);
    using bar = fn.openRegion(0);
    assert.equal(bar.read32(0x00), 0x0100_00ed);
    bar.write32(0x04, 0x1234_5678);
    assert.equal(bar.read32(0x04), ~0x1234_5678 >>> 0);
    bar.write32(0x08, 10);
    while ((bar.read32(0x20) & 1) !== 0);
    assert.equal(bar.read32(0x08), 3_628_800);
    fn.setEnabled(false);
  });

  test('MSI is switched on with a pirq, and off', () => {
    using fn = xpci.open(FIRST);
    assert.deepEqual(fn.interrupts?.available, { intx: 1, msi: 1, msix: 0 });
    assert.equal(control(EDU, CapabilityId.msi, 1), 0);
    for (let round = 0; round < 3; round++) {
      const stream = fn.interrupts.open({ kind: 'msi', vector: 0 });
      assert.equal(control(EDU, CapabilityId.msi, 1), 1);
      assert.ok((bound.at(-1) ?? 0) > 0);
      stream[Symbol.dispose]();
      assert.equal(control(EDU, CapabilityId.msi, 1), 0);
    }
    assert.throws(() => fn.interrupts?.open({ kind: 'msi', vector: 1 }), { code: 'INTERRUPT_ABSENT' });
  });

  test('a second function comes while the bus is up', async () => {
    await toolStackAttaches(platform.store, 0, String(ETHERNET));
    assert.equal(await next(changes), `attached ${SECOND}`);
    await settled('connected again', async () => (await states()) === '4/4');
    assert.deepEqual(
      xpci.list().map(({ address, vendor, device }) => [String(address), vendor, device]),
      [
        [String(FIRST), 0x1234, 0x11e8],
        [String(SECOND), 0x8086, 0x10d3],
      ],
    );
  });

  test('its configuration space is the hardware’s, the extended one included', (context) => {
    using fn = xpci.open(SECOND);
    using host = linux.open(ETHERNET);
    const { compared, differing } = compareConfig(fn, ETHERNET);
    assert.deepEqual(differing, []);
    assert.equal(compared, 1024);
    assert.deepEqual(fn.regions, host.regions);
    context.diagnostic(`e1000e: ${compared} dwords compared with sysfs`);
  });

  test('MSI-X: every vector has a pirq from the first stream on, and one is not lost with another', () => {
    using fn = xpci.open(SECOND);
    const count = fn.interrupts?.available.msix ?? 0;
    assert.equal(count, 5);
    fn.setEnabled(true);
    bound.length = 0;
    const streams = [2, 0, 4].map((vector) => fn.interrupts?.open({ kind: 'msix', vector }));
    assert.equal(new Set(bound).size, 3);
    assert.equal(control(ETHERNET, CapabilityId.msix, 0x8000), 0x8000);
    streams[0]?.[Symbol.dispose]();
    streams[1]?.[Symbol.dispose]();
    assert.equal(control(ETHERNET, CapabilityId.msix, 0x8000), 0x8000);
    assert.throws(() => fn.interrupts?.open({ kind: 'msi', vector: 0 }), { code: 'INTERRUPT_TAKEN' });
    fn.close();
    assert.equal(control(ETHERNET, CapabilityId.msix, 0x8000), 0);
  });

  test('it goes while a program has it open', async () => {
    const fn = xpci.open(SECOND);
    fn.setEnabled(true);
    const region = fn.openRegion(0);
    assert.notEqual(region.read32(8), 0xffff_ffff);
    const stream = fn.interrupts?.open({ kind: 'msix', vector: 0 });
    await toolStackDetaches(platform.store, 0, String(ETHERNET));
    assert.equal(await next(changes), `detached ${SECOND}`);
    await settled('connected again', async () => (await states()) === '4/4');
    await toolStackForgets(platform.store, 0, String(ETHERNET));
    assert.equal(control(ETHERNET, CapabilityId.msix, 0x8000), 0);
    assert.deepEqual([fn.config.read(0, 4), region.read32(8)], [0xffff_ffff, 0xffff_ffff]);
    assert.equal(stream?.wait(1000), undefined);
    fn.close();
    assert.deepEqual(
      xpci.list().map(({ address }) => String(address)),
      [String(FIRST)],
    );
  });

  describe('compliance', () => {
    const matrix = new ComplianceMatrix();
    // Its pirqs are recorded here, and reach nobody: interrupts are shown on the embedded Xen.
    const stimuli: Stimuli = { memoryRegion: 0 };
    for (const complianceCase of COMPLIANCE_CASES) {
      if (complianceCase.wants.some((want) => stimuli[want] === undefined)) continue;
      test(complianceCase.name, async () => {
        const lacks = complianceCase.needs.some((need) => !xpci.capabilities[need]);
        const subject = { machine: xpci, address: FIRST, ...stimuli };
        const outcome = await matrix.run('xpci', complianceCase, subject, true);
        assert.equal(outcome, lacks ? 'undeclared' : 'passed');
      });
    }
  });

  test('the last function goes, and the bus with it', async () => {
    // What is left of an unorderly end: libxl removes both directories while both ends are connected.
    await removePair();
    assert.equal(await next(changes), `detached ${FIRST}`);
    assert.deepEqual(xpci.list(), []);
    await toolStackCreates(platform.store, 0, [String(ETHERNET)]);
    assert.equal(await next(changes), `attached ${FIRST}`);
    await xpci.connected();
    await xpci.close();
    await settled('the pair closes', async () => (await states()) === '6/6');
    assert.deepEqual([await next(changes), await next(changes)], [`detached ${FIRST}`, 'end']);
  });
});
