/** The operation handler against whatever a guest can put into the page. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PciAddress } from '../../src/pci/index.js';
import { Command, OperationError } from '../../src/xen/pciif/index.js';
import { checkProperty } from '../kept-seeds.js';
import {
  disk,
  DISK_AT,
  DISK_LINE,
  edu,
  expressDisk,
  type Device,
  type HardwareWrite,
} from '../xen/devices.js';
import { ExportingHost } from './exported.js';
import { WORD } from './shared-page-guest.js';

const DISK = 0;
const EDU = 8;
const ABSENT = 16;

const DISK_ADDRESS = disk().address;
const MSI_CONTROL = DISK_AT.msi + 2;
const MSIX_CONTROL = DISK_AT.msix + 2;
const PM_CONTROL = DISK_AT.pm + 4;
const VPD_ADDRESS = DISK_AT.vpd + 2;

/** A disk in the guest's slot 0 and edu in slot 1. */
function twoFunctions(first: Device = disk()): Promise<ExportingHost> {
  return ExportingHost.start([first, edu()], (host) => {
    host.switchOff();
  });
}

/** Of edu: the only capability that it has. */
const EDU_MSI = 0x40;

/**
 * What switching interrupts may write: Command and the enable bits are the back end's; address and data of MSI are the
 * hypervisor's, which knows one address. Those of MSI-X stand in the vector table.
 */
function isInterruptWrite(address: PciAddress, { offset, width, value }: HardwareWrite): boolean {
  const isDisk = address.equals(DISK_ADDRESS);
  const msi = isDisk ? DISK_AT.msi : EDU_MSI;
  switch (offset) {
    case 4:
    case msi + 2:
      return width === 2;
    case msi + 4:
      return width === 4 && value === 0xfee0_0000;
    case msi + 8:
      return width === 4 && value === 0;
    case msi + 12:
      return width === 2;
    default:
      return isDisk && offset === MSIX_CONTROL && width === 2;
  }
}

/** What a guest's write may become: command, cache line, BIST, PM status, VPD address; the policy's table. */
function isPassedWrite(address: PciAddress, { offset, width, value }: HardwareWrite): boolean {
  const inHeader =
    (offset === 4 && width === 2) ||
    (offset === 0x0c && width === 1) ||
    (offset === 0x0f && width === 1 && (value & ~0xc0) === 0);
  const inCapability =
    (offset === PM_CONTROL && (value & 0x0100) === 0) ||
    offset === PM_CONTROL + 1 ||
    (offset === VPD_ADDRESS && width === 2 && (value & 0x8000) === 0);
  return inHeader || (address.equals(DISK_ADDRESS) && inCapability);
}

describe('operations', () => {
  test('an absent function has no vendor, wherever it is looked for', async () => {
    await using host = await twoFunctions();
    const { handled: guest } = host;
    assert.deepEqual(guest.read(ABSENT, 0, 4), {
      error: OperationError.deviceNotFound,
      value: 0,
      vectors: [],
    });
    for (const place of [{ domain: 1 }, { bus: 1 }, { domain: -1 }, { devfn: 256 }, { devfn: -8 }]) {
      guest.guest.request({
        command: Command.configRead,
        domain: 0,
        bus: 0,
        devfn: DISK,
        offset: 0,
        size: 4,
        ...place,
      });
      guest.handler.service();
      assert.equal(guest.guest.reply().error, OperationError.deviceNotFound, JSON.stringify(place));
    }
  });

  test('widths and offsets that the protocol does not know are invalid; past the function nothing answers', async () => {
    await using host = await twoFunctions();
    const { handled: guest } = host;
    for (const [offset, size] of [
      [0, 3],
      [0, 0],
      [0, 8],
      [1, 2],
      [2, 4],
      [-4, 4],
      [4096, 1],
      [4094, 4],
      [0x7fff_ffff, 1],
    ] as const) {
      assert.equal(
        guest.read(DISK, offset, size).error,
        OperationError.invalidOffset,
        `read ${size} at ${offset}`,
      );
      assert.equal(
        guest.write(DISK, offset, size, 0).error,
        OperationError.invalidOffset,
        `write ${size} at ${offset}`,
      );
    }
    assert.deepEqual(guest.read(DISK, 256, 4), { error: 0, value: 0xffff_ffff, vectors: [] });
    assert.deepEqual(guest.read(DISK, 4094, 2), { error: 0, value: 0xffff, vectors: [] });
  });

  test('unknown commands are not implemented, aer and multi-vector MSI among them', async () => {
    await using host = await twoFunctions();
    const { handled: guest } = host;
    for (const command of [6, 7, 8, 9, Command.enableMultiMsi, 11, 0x7fff_ffff, -1]) {
      assert.equal(guest.operate(command, DISK).error, OperationError.notImplemented, `command ${command}`);
    }
  });

  test('MSI: one vector, then off; a second enable, or MSI-X beside it, fails', async () => {
    await using host = await twoFunctions();
    const { handled: guest, hardware } = host;
    const on = guest.operate(Command.enableMsi, DISK);
    assert.deepEqual(
      { error: on.error, mapped: host.messages.map(({ pirq }) => pirq) },
      { error: 0, mapped: [on.value] },
    );
    assert.equal(hardware.held(DISK_ADDRESS, MSI_CONTROL, 2) & 1, 1);
    assert.equal(hardware.held(DISK_ADDRESS, 4, 2) & 0x0400, 0x0400);
    assert.equal(guest.operate(Command.enableMsi, DISK).error, OperationError.operationFailed);
    assert.equal(guest.operate(Command.enableMsix, DISK, { value: 1 }).error, OperationError.operationFailed);
    const off = guest.operate(Command.disableMsi, DISK);
    assert.deepEqual(
      { error: off.error, value: off.value, mapped: host.messages },
      { error: 0, value: DISK_LINE, mapped: [] },
    );
    assert.equal(hardware.held(DISK_ADDRESS, MSI_CONTROL, 2) & 1, 0);
    assert.equal(guest.operate(Command.disableMsi, DISK).error, 0, 'off twice is answered, not asserted');
  });

  test('MSI-X: vectors come back as pirqs beside their entries; today’s Linux switches them off as MSI', async () => {
    await using host = await twoFunctions();
    const { handled: guest, hardware } = host;
    guest.write(DISK, 4, 2, 2);
    guest.guest.request(
      { command: Command.enableMsix, domain: 0, bus: 0, devfn: DISK, value: 3 },
      [0, 1, 16],
    );
    guest.handler.service();
    const reply = guest.guest.reply(3);
    assert.deepEqual({ error: reply.error, value: reply.value }, { error: 0, value: 0 });
    assert.deepEqual(
      reply.vectors,
      host.messages.map(({ pirq }) => pirq),
    );
    assert.deepEqual(
      host.messages.map(({ route }) => (route.kind === 'msix' ? [route.entry, route.tableBar] : [])),
      [0, 1, 16].map((entry) => [entry, 0xfebd_0000n]),
    );
    assert.equal(hardware.held(DISK_ADDRESS, MSIX_CONTROL, 2) & 0xc000, 0x8000);
    assert.equal(guest.operate(Command.disableMsi, DISK).error, 0);
    assert.deepEqual(host.messages, []);
    assert.equal(hardware.held(DISK_ADDRESS, MSIX_CONTROL, 2) & 0xc000, 0);
  });

  test('MSI-X: wrong counts and entries, no decode, and a Xen without pirqs leave nothing on', async () => {
    await using host = await twoFunctions();
    const { handled: guest, hardware, platform } = host;
    const enable = (value: number, entries: readonly number[]) => {
      guest.guest.request({ command: Command.enableMsix, domain: 0, bus: 0, devfn: DISK, value }, entries);
      guest.handler.service();
      return guest.guest.reply();
    };
    assert.equal(enable(1, [0]).error, OperationError.operationFailed, 'memory is not decoded yet');
    guest.write(DISK, 4, 2, 2);
    for (const [value, entries] of [
      [0, []],
      [18, [0]],
      [129, [0]],
      [-1, [0]],
      [2, [3, 3]],
      [1, [17]],
    ] as const) {
      const { error, value: result } = enable(value, entries);
      assert.equal(error, OperationError.operationFailed, `${value} vectors`);
      assert.notEqual(result, 0);
    }
    platform.refusePirq = 2;
    assert.equal(enable(3, [0, 1, 2]).error, OperationError.operationFailed);
    assert.deepEqual(host.messages, [], 'pirqs that were mapped before the refusal are given back');
    assert.equal(hardware.held(DISK_ADDRESS, MSIX_CONTROL, 2) & 0xc000, 0);
    assert.equal(enable(1, [0]).error, 0, 'and the next try succeeds');
  });

  test('writing vital product data is denied, reading it is not', async () => {
    await using host = await twoFunctions();
    const { handled: guest } = host;
    assert.equal(guest.write(DISK, VPD_ADDRESS, 2, 0x8004).error, OperationError.accessDenied);
    assert.equal(guest.write(DISK, VPD_ADDRESS, 2, 0x0004).error, 0);
    assert.equal(guest.read(DISK, VPD_ADDRESS, 2).value, 0x8004, 'the flag tells that the data is there');
    assert.equal(guest.read(DISK, VPD_ADDRESS + 2, 4).value, 0x786b_7369);
  });

  test('default deny: bus master is the guest’s, decode stays, all else is dropped and told once', async () => {
    await using host = await twoFunctions(expressDisk());
    const { handled: guest, hardware } = host;
    const { resets } = hardware.probe(DISK_ADDRESS);
    guest.write(DISK, 4, 2, 0x0406);
    assert.equal(hardware.held(DISK_ADDRESS, 4, 2), 0x0007, 'INTx disable stays ours');
    guest.write(DISK, 4, 2, 0x0000);
    assert.equal(hardware.held(DISK_ADDRESS, 4, 2) & 7, 3, 'the guest cannot stop decoding (XSA-120)');
    assert.equal(guest.read(DISK, 4, 2).value, 0, 'but sees what it wrote');
    const before = hardware.writes(DISK_ADDRESS).length;
    for (let times = 0; times < 3; times++) {
      guest.write(DISK, MSIX_CONTROL, 2, 0xc000);
      guest.write(DISK, MSI_CONTROL, 2, 0x0001);
      guest.write(DISK, DISK_AT.msi + 4, 4, 0xfee0_0000);
      guest.write(DISK, DISK_AT.express + 8, 2, 0x8000);
      guest.write(DISK, 0x10, 4, 0xdead_0000);
    }
    assert.equal(hardware.writes(DISK_ADDRESS).length, before, 'none of them reached the device');
    assert.equal(hardware.probe(DISK_ADDRESS).resets, resets, 'a guest cannot reset it');
    assert.equal(guest.read(DISK, 0x10, 4).value, 0xfebd_0004);
    guest.write(DISK, PM_CONTROL, 2, 0x0003);
    assert.equal(hardware.held(DISK_ADDRESS, PM_CONTROL, 2) & 3, 0, 'the device stays in D0');
    assert.equal(guest.read(DISK, PM_CONTROL, 2).value & 3, 3, 'a power state of its own');
    assert.deepEqual(
      host.refused.map(({ register }) => register),
      [undefined, undefined, undefined, undefined],
      'each offset once: MSI-X and MSI control, address, device control',
    );
  });

  test('of Command only bus master, and write and invalidate, reach the hardware', async () => {
    await using host = await twoFunctions();
    const { handled: guest, hardware } = host;
    guest.write(DISK, 4, 2, 0xffff);
    assert.equal(hardware.held(DISK_ADDRESS, 4, 2), 0x0017, 'and decoding, switched on by us');
    assert.equal(guest.read(DISK, 4, 2).value, 0x07ff);
  });

  test('a policy that passes part of a register does not clear the rest of it', async () => {
    await using host = await twoFunctions();
    // Only the power state's neighbour is written: the status bit beside it is 1 and stays 1.
    host.handled.write(DISK, PM_CONTROL, 2, 0x0200);
    assert.equal(host.hardware.held(DISK_ADDRESS, PM_CONTROL, 2) & 0x8200, 0x8200);
  });

  test('wake-up events are off in the hardware, and their status is not cleared by that', async () => {
    await using host = await ExportingHost.start([disk()], ({ machine }) => {
      using fn = machine.open(DISK_ADDRESS);
      // The host's driver had asked for them.
      fn.config.write(PM_CONTROL, 2, 0x0100);
      assert.equal(fn.config.read(PM_CONTROL, 2), 0x8100);
    });
    assert.equal(host.hardware.held(DISK_ADDRESS, PM_CONTROL, 2), 0x8000);
    assert.equal(host.handled.read(DISK, DISK_AT.pm + 2, 2).value, 0x0603, 'no state has them for the guest');
  });

  test('a reply goes only to the request that was copied', async () => {
    await using host = await twoFunctions();
    const { handled: guest } = host;
    const [exported] = host.exports;
    assert.ok(exported !== undefined);
    const { words } = guest.guest;
    // The guest gives up while the hardware answers, and reuses the page.
    const slow = exported.config.read.bind(exported.config);
    for (const change of [
      () => (words[WORD.offset] = 4),
      () => (words[WORD.devfn] = EDU),
      () => (words[WORD.value] = 77),
      () => Atomics.and(words, WORD.flags, 0),
    ]) {
      exported.config.read = (offset, width) => {
        change();
        return slow(offset, width);
      };
      words[WORD.error] = 1234;
      guest.guest.request({
        command: Command.configRead,
        domain: 0,
        bus: 0,
        devfn: DISK,
        offset: 0,
        size: 4,
        value: 0,
      });
      assert.equal(guest.handler.service(), false);
      assert.equal(words[WORD.error], 1234, 'no word was written');
    }
    exported.config.read = slow;
    guest.guest.request({
      command: Command.configRead,
      domain: 0,
      bus: 0,
      devfn: DISK,
      offset: 0,
      size: 4,
      value: 0,
    });
    assert.equal(guest.handler.service(), true);
    assert.equal(guest.guest.reply().value, 0x0010_1b36);
  });

  test('property: any page gets one answer, and only allowed bits reach the devices', async () => {
    const number = fc.oneof(
      fc.integer({ min: -2, max: 300 }),
      fc.constantFrom(0x7fff_ffff, -0x8000_0000, 4094, 4096, 0x10_0000),
    );
    const operation = fc.record({
      command: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 5 }) },
        { weight: 1, arbitrary: number },
      ),
      domain: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: number }),
      bus: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: number }),
      devfn: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(DISK, EDU, ABSENT) },
        { weight: 1, arbitrary: number },
      ),
      offset: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 0xff }) },
        { weight: 1, arbitrary: number },
      ),
      size: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(1, 2, 4) }, { weight: 1, arbitrary: number }),
      value: fc.oneof(fc.integer(), fc.integer({ min: 0, max: 20 })),
      entries: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 8 }),
    });
    const property = fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
      await using host = await twoFunctions();
      const { handled: guest, hardware, platform } = host;
      for (const { entries, ...fields } of operations) {
        for (const { address } of hardware.devices) hardware.writes(address).length = 0;
        guest.guest.request(fields, entries);
        assert.equal(guest.handler.service(), true);
        assert.equal(guest.guest.waiting, false);
        assert.equal(guest.handler.service(), false, 'answered once');
        const { error } = guest.guest.reply();
        assert.ok(error <= 0 && error >= -5, `error ${error}`);
        const isMsiSwitch = fields.command >= 2 && fields.command <= 5;
        for (const { address } of hardware.devices) {
          const allowed = isMsiSwitch ? isInterruptWrite : isPassedWrite;
          for (const write of hardware.writes(address))
            assert.ok(allowed(address, write), `${address}: ${JSON.stringify(write)}`);
        }
      }
      await Promise.all(
        host.exports.map(async ({ lease }) => {
          const { unsettled } = await lease.giveBack();
          assert.deepEqual(unsettled, []);
        }),
      );
      assert.deepEqual(host.messages, [], 'no pirq outlives the lease');
      assert.equal(platform.protectedTables.size, 0);
    });
    await checkProperty('operation-handler: any page', property, {
      numRuns: 300,
    });
  });

  test('property: random bytes in the whole page never throw', async () => {
    await using host = await twoFunctions();
    const { handled: guest } = host;
    const property = fc.property(fc.uint8Array({ minLength: 576, maxLength: 576 }), (bytes) => {
      new Uint8Array(guest.guest.words.buffer, guest.guest.words.byteOffset).set(bytes);
      guest.handler.service();
      assert.equal(guest.guest.waiting && guest.handler.service(), false);
    });
    await checkProperty('operation-handler: random pages', property, {
      numRuns: 2000,
    });
  });
});
