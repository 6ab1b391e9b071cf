/** The operation handler against whatever a guest can put into the page. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ConfigImage, type ConfigSpace } from '../../src/function/index.js';
import { Command, OperationError } from '../../src/xen/pciif/index.js';
import { disk, edu } from '../function/shapes.js';
import { lineOf, type HardwareWrite } from '../function/simulated-host.js';
import { checkProperty } from '../kept-seeds.js';
import { ExportingHost } from './exported.js';
import { WORD } from './shared-page-guest.js';

const DISK = 0;
const EDU = 8;
const ABSENT = 16;

/** Linux's error numbers, as enable_msix answers them; written here again on purpose. */
const [ENXIO, EINVAL, ENOSPC, EALREADY] = [6, 22, 28, 114];

/** A power management status as some devices have it, over one that has less: data select, and an event that happened. */
class PowerStatus {
  #image: ConfigImage | undefined;
  readonly #initial: number;

  constructor(initial: number) {
    this.#initial = initial;
  }

  readonly over = (base: ConfigSpace): ConfigSpace =>
    (this.#image = new ConfigImage({
      size: base.size,
      base,
      registers: [
        {
          name: 'pm.pmcsr',
          offset: 0x64,
          width: 2,
          virtual: 0x9f00,
          initial: this.#initial,
          writable: 0x1f03,
          clearable: 0x8000,
        },
      ],
    }));

  get held(): number | undefined {
    return this.#image?.held('pm.pmcsr');
  }
}

/** A disk in the guest's slot 0 and edu in slot 1. */
function twoFunctions(): Promise<ExportingHost> {
  return ExportingHost.start([disk(), edu()]);
}

/**
 * What switching interrupts may write: Command and the enable bits are the back end's; address and data of MSI are the
 * hypervisor's, which knows one address. Those of MSI-X stand in the vector table.
 */
function isInterruptWrite(isDisk: boolean, { offset, width, value }: HardwareWrite): boolean {
  const msi = isDisk ? 0xc0 : 0x40;
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
      return isDisk && offset === 0x42 && width === 2;
  }
}

/** What a guest's write may become: command, cache line, BIST, PM status, VPD address; the policy's table. */
function isPassedWrite(isDisk: boolean, { offset, width, value }: HardwareWrite): boolean {
  const inHeader =
    (offset === 4 && width === 2) ||
    (offset === 0x0c && width === 1) ||
    (offset === 0x0f && width === 1 && (value & ~0xc0) === 0);
  const inCapability =
    (offset === 0x64 && (value & 0x0100) === 0) ||
    offset === 0x65 ||
    (offset === 0xd2 && width === 2 && (value & 0x8000) === 0);
  return inHeader || (isDisk && inCapability);
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
    assert.deepEqual(guest.read(EDU, 256, 4), { error: 0, value: 0xffff_ffff, vectors: [] });
    assert.deepEqual(guest.read(EDU, 4094, 2), { error: 0, value: 0xffff, vectors: [] });
  });

  test('unknown commands are not implemented, aer and multi-vector MSI among them', async () => {
    await using host = await twoFunctions();
    const { handled: guest } = host;
    for (const command of [6, 7, 8, 9, Command.enableMultiMsi, 11, 0x7fff_ffff, -1]) {
      assert.equal(guest.operate(command, DISK).error, OperationError.notImplemented, `command ${command}`);
    }
  });

  test('MSI: one vector, then off, by either operation', async () => {
    await using host = await twoFunctions();
    const { handled: guest } = host;
    const device = host.machine.device(disk().address);
    for (const disable of [Command.disableMsi, Command.disableMsix]) {
      const on = guest.operate(Command.enableMsi, DISK);
      assert.deepEqual(
        { error: on.error, mapped: host.messages.map(({ pirq }) => pirq) },
        { error: 0, mapped: [on.value] },
      );
      assert.equal(device.register('msi.control') & 1, 1);
      assert.equal(device.register('header.command') & 0x0400, 0x0400);
      const off = guest.operate(disable, DISK);
      assert.deepEqual(
        { error: off.error, value: off.value, mapped: host.messages },
        { error: 0, value: lineOf(disk()), mapped: [] },
      );
      assert.equal(device.register('msi.control') & 1, 0);
      assert.equal(device.register('header.command') & 0x0400, 0, 'the pin is the guest’s again');
    }
  });

  test('off is off: disabling what is not on is answered, and touches nothing (XSA-157)', async () => {
    await using host = await twoFunctions();
    const { handled: guest, machine } = host;
    for (const { writes } of machine.devices.values()) writes.length = 0;
    for (const devfn of [DISK, EDU])
      for (const disable of [Command.disableMsi, Command.disableMsix])
        assert.equal(guest.operate(disable, devfn).error, OperationError.success);
    assert.deepEqual(
      [...machine.devices.values()].flatMap(({ writes }) => writes),
      [],
    );
    assert.deepEqual(guest.faults, []);
  });

  test('the interrupt line reads as the pirq of INTx, whatever was written to it', async () => {
    await using host = await twoFunctions();
    const { handled: guest } = host;
    guest.write(DISK, 0x3c, 1, 0xaa);
    assert.equal(guest.read(DISK, 0x3c, 1).value, lineOf(disk()));
    assert.equal(guest.read(DISK, 0x3c, 2).value, 0x0100 + (lineOf(disk()) ?? 0), 'beside the pin');
    assert.equal(guest.read(EDU, 0x3c, 1).value, lineOf(edu()));
  });

  test('MSI-X: vectors come back as pirqs beside their entries; today’s Linux switches them off as MSI', async () => {
    await using host = await twoFunctions();
    const { handled: guest, machine } = host;
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
    assert.equal(machine.device(disk().address).register('msix.control') & 0xc000, 0x8000);
    assert.equal(guest.operate(Command.disableMsi, DISK).error, 0);
    assert.deepEqual(host.messages, []);
    assert.equal(machine.device(disk().address).register('msix.control') & 0xc000, 0);
  });

  test('a refused enable says why, and leaves nothing on', async () => {
    await using host = await twoFunctions();
    const { handled: guest, machine, platform } = host;
    const msix = (count: number, entries: readonly number[], devfn = DISK) => {
      guest.guest.request({ command: Command.enableMsix, domain: 0, bus: 0, devfn, value: count }, entries);
      guest.handler.service();
      const { error, value } = guest.guest.reply();
      return { error, value: value | 0 };
    };
    const msi = (devfn = DISK) => {
      const { error, value } = guest.operate(Command.enableMsi, devfn);
      return { error, value };
    };
    const failed = (value: number) => ({ error: OperationError.operationFailed, value });
    assert.deepEqual(msix(1, [0]), failed(-ENXIO), 'memory is not decoded yet');
    guest.write(DISK, 4, 2, 2);
    for (const [count, entries] of [
      [0, []],
      [18, [0]],
      [129, [0]],
      [-1, [0]],
      [0x7fff_ffff, [0]],
      [2, [3, 3]],
      [1, [17]],
      [3, [0, 1, 0xffff]],
    ] as const)
      assert.deepEqual(msix(count, entries), failed(-EINVAL), `${count} vectors for ${entries.join(' ')}`);
    guest.write(EDU, 4, 2, 2);
    assert.deepEqual(msix(1, [0], EDU), failed(-EINVAL), 'edu has no MSI-X');
    for (const nth of [1, 2, 3]) {
      platform.refusePirq = nth;
      assert.deepEqual(msix(3, [0, 1, 2]), failed(-ENOSPC), `Xen refuses vector ${nth}`);
      assert.deepEqual(host.messages, [], 'pirqs that were mapped before are given back');
    }
    platform.refusePirq = 1;
    assert.deepEqual(msi(), failed(0), 'Xen refuses the only one');
    const device = machine.device(disk().address);
    assert.equal(device.register('msix.control') & 0xc000, 0);
    assert.equal(device.register('msi.control') & 1, 0);
    assert.equal(device.register('header.command') & 0x0400, 0);

    assert.equal(msi().error, 0, 'and the next try succeeds');
    assert.deepEqual(msi(), failed(0), 'it is on');
    assert.deepEqual(msix(1, [0]), failed(-ENXIO), 'MSI is on');
    assert.equal(device.register('msi.control') & 1, 1, 'and stays on');
    guest.operate(Command.disableMsi, DISK);
    assert.equal(msix(2, [0, 1]).error, 0);
    assert.deepEqual(msix(1, [5]), failed(-EALREADY), 'it is on');
    assert.deepEqual(msi(), failed(0), 'MSI-X is on');
    assert.equal(host.messages.length, 2, 'with what it was given');
    assert.equal(device.register('msix.control') & 0xc000, 0x8000);
  });

  test('writing vital product data is denied, reading it is not', async () => {
    await using host = await twoFunctions();
    const { handled: guest } = host;
    assert.equal(guest.write(DISK, 0xd2, 2, 0x8010).error, OperationError.accessDenied);
    assert.equal(guest.write(DISK, 0xd2, 2, 0x0010).error, 0);
    assert.equal(guest.read(DISK, 0xd2, 2).value, 0x8010, 'the flag says that the data is there');
  });

  test('default deny: bus master is the guest’s, decode stays, all else is dropped and told once', async () => {
    await using host = await twoFunctions();
    const { handled: guest, machine, refused } = host;
    const device = machine.device(disk().address);
    guest.write(DISK, 4, 2, 0x0406);
    assert.equal(device.register('header.command'), 0x0007, 'INTx disable stays ours');
    guest.write(DISK, 4, 2, 0x0000);
    assert.equal(device.register('header.command') & 7, 3, 'the guest cannot stop decoding (XSA-120)');
    assert.equal(guest.read(DISK, 4, 2).value, 0, 'but sees what it wrote');
    const before = device.writes.length;
    for (let times = 0; times < 3; times++) {
      guest.write(DISK, 0x42, 2, 0xc000);
      guest.write(DISK, 0xc2, 2, 0x0001);
      guest.write(DISK, 0xc4, 4, 0xfee0_0000);
      guest.write(DISK, 0x88, 2, 0x8000);
      guest.write(DISK, 0x10, 4, 0xdead_0000);
    }
    assert.equal(device.writes.length, before, 'none of them reached the device');
    assert.equal(device.resets, 0, 'a guest cannot reset it');
    assert.equal(guest.read(DISK, 0x10, 4).value, 0xfebd_0004);
    guest.write(DISK, 0x64, 2, 0x0003);
    assert.equal(device.register('pm.pmcsr') & 3, 0, 'the device stays in D0');
    assert.equal(guest.read(DISK, 0x64, 2).value & 3, 3, 'a power state of its own');
    assert.deepEqual(
      refused.map(({ register }) => register),
      [undefined, undefined, undefined, undefined],
      'each offset once: MSI-X and MSI control, address, device control',
    );
  });

  test('of Command only bus master, and write and invalidate, reach the hardware', async () => {
    await using host = await twoFunctions();
    const { handled: guest, machine } = host;
    const device = machine.device(disk().address);
    device.writes.length = 0;
    guest.write(DISK, 4, 2, 0xffff);
    assert.deepEqual(
      device.writes.filter(({ offset }) => offset === 4).at(-1),
      { offset: 4, width: 2, value: 0x0017 },
      'and decoding, switched on by us',
    );
    assert.equal(device.register('header.command'), 0x0007, 'the device has no write and invalidate');
    assert.equal(guest.read(DISK, 4, 2).value, 0x07ef);
  });

  test('a policy that passes part of a register does not clear the rest of it', async () => {
    const power = new PowerStatus(0x8000);
    await using host = await ExportingHost.start([disk()], power.over);
    // Only the power state's neighbour is written: the status bit beside it is 1 and stays 1.
    host.handled.write(DISK, 0x64, 2, 0x0200);
    assert.equal(power.held, 0x8200);
  });

  test('wake-up events are off in the hardware, and their status is not cleared by that', async () => {
    const power = new PowerStatus(0x8100);
    await using host = await ExportingHost.start([disk()], power.over);
    assert.equal(power.held, 0x8000);
    assert.equal(host.machine.device(disk().address).register('pm.pmc'), 0x4003);
    assert.equal(host.handled.read(DISK, 0x62, 2).value, 0x0003, 'no state has them for the guest');
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
      const { handled: guest, machine, platform } = host;
      for (const { entries, ...fields } of operations) {
        for (const { writes } of machine.devices.values()) writes.length = 0;
        guest.guest.request(fields, entries);
        assert.equal(guest.handler.service(), true);
        assert.equal(guest.guest.waiting, false);
        assert.equal(guest.handler.service(), false, 'answered once');
        const { error } = guest.guest.reply();
        assert.ok(error <= 0 && error >= -5, `error ${error}`);
        const isAllowed = fields.command >= 2 && fields.command <= 5 ? isInterruptWrite : isPassedWrite;
        for (const [sbdf, { writes }] of machine.devices)
          for (const write of writes)
            assert.ok(isAllowed(sbdf === disk().address.sbdf, write), `${sbdf}: ${JSON.stringify(write)}`);
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
