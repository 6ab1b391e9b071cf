/** Errors of simulated functions: what their registers say, what the root is told, what still works afterwards. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorReport, PciFunction } from '../../../src/function/index.js';
import { parseMachine, SimMachine, type DeviceFault } from '../../../src/machines/sim/index.js';
import {
  aer,
  CapabilityId,
  capabilityOffsets,
  ExtendedCapabilityId,
  extendedCapabilityOffset,
  notations,
  walkExtendedCapabilities,
} from '../../../src/pci/index.js';

const NVME = notations.hex.parse('00:01.0');

class FailingMachine implements Disposable {
  readonly machine: SimMachine;
  readonly fn: PciFunction;
  readonly reports: ErrorReport[] = [];

  constructor(model = '{slot: "01", model: nvme, aer: true}') {
    this.machine = new SimMachine(parseMachine(`roots: [{slots: [${model}]}]`), { clock: 'manual' });
    this.fn = this.machine.open(NVME);
    this.machine.errors.onError((report) => this.reports.push(report));
  }

  fail(fault: DeviceFault): void {
    this.machine.inject(NVME, fault);
  }

  /** A register of the capability, by name. */
  register(name: string): number {
    return this.fn.config.read(this.offset(name), 4);
  }

  offset(name: string): number {
    const at = extendedCapabilityOffset(this.fn.config, ExtendedCapabilityId.aer);
    const register = aer.registers.find((one) => one.name === name);
    assert.ok(at !== undefined && register !== undefined, name);
    return at + register.offset;
  }

  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]();
  }
}

const MALFORMED = 1 << 18;
const TIMEOUT = 1 << 14;

describe('a function with advanced error reporting', () => {
  test('has the capability ahead of its serial number, and the values of a power on', () => {
    using failing = new FailingMachine();
    assert.deepEqual(
      walkExtendedCapabilities(failing.fn.config).entries.map(({ id }) => id),
      [ExtendedCapabilityId.aer],
    );
    assert.equal(failing.register('severity'), 0x0046_2030);
    assert.equal(failing.register('uncorrectable'), 0);
    assert.deepEqual(failing.reports, []);
  });

  test('tells the root of a fatal error, and answers nothing but configuration accesses until it is reset', async () => {
    using failing = new FailingMachine();
    failing.fn.setEnabled(true);
    using region = failing.fn.openRegion(0);
    const version = region.read32(8);
    assert.notEqual(version, 0xffff_ffff);
    failing.fail({ fault: 'uncorrectable', error: 'malformed', header: [0x4000_0001, 0x0f, 0xfebd_0000, 0] });
    assert.deepEqual(failing.reports, [{ address: NVME, severity: 'fatal', errors: ['malformed'] }]);
    assert.equal(failing.register('uncorrectable'), MALFORMED);
    assert.equal(failing.register('control') & 0x1f, 18);
    assert.deepEqual(
      ['header0', 'header1', 'header2'].map((name) => failing.register(name)),
      [0x4000_0001, 0x0f, 0xfebd_0000],
    );
    assert.equal(region.read32(8), 0xffff_ffff);
    await failing.fn.reset();
    assert.equal(region.read32(8), version);
    // What happened can still be read after the reset, and is cleared by a written 1.
    assert.equal(failing.register('uncorrectable'), MALFORMED);
    failing.fn.config.write(failing.offset('uncorrectable'), 4, MALFORMED);
    assert.equal(failing.register('uncorrectable'), 0);
    assert.equal(failing.machine.clear(NVME, 'uncorrectable'), false, 'the reset has ended it');
  });

  test('goes on after an error that is not fatal; the log keeps the first one', () => {
    using failing = new FailingMachine();
    failing.fn.setEnabled(true);
    using region = failing.fn.openRegion(0);
    failing.fail({ fault: 'uncorrectable', error: 'completion_timeout', header: [1, 2, 3, 4] });
    failing.fail({ fault: 'uncorrectable', error: 'poisoned', header: [5, 6, 7, 8] });
    assert.deepEqual(
      failing.reports.map(({ severity, errors }) => [severity, ...errors]),
      [
        ['non_fatal', 'completion_timeout'],
        ['non_fatal', 'poisoned', 'completion_timeout'],
      ],
    );
    assert.equal(failing.register('header0'), 1);
    assert.notEqual(region.read32(8), 0xffff_ffff);
  });

  test('is as bad as its severity register says', () => {
    using failing = new FailingMachine();
    failing.fn.config.write(failing.offset('severity'), 4, TIMEOUT);
    failing.fail({ fault: 'uncorrectable', error: 'completion_timeout' });
    failing.fail({ fault: 'uncorrectable', error: 'malformed' });
    assert.deepEqual(
      failing.reports.map(({ severity, errors }) => [severity, ...errors]),
      [
        ['fatal', 'completion_timeout'],
        ['non_fatal', 'malformed'],
      ],
    );
  });

  test('says nothing of what is masked, or of anything while it may not report', () => {
    using failing = new FailingMachine();
    failing.fn.setEnabled(true);
    using region = failing.fn.openRegion(0);
    failing.fn.config.write(failing.offset('uncorrectable_mask'), 4, MALFORMED);
    failing.fail({ fault: 'uncorrectable', error: 'malformed' });
    failing.fail({ fault: 'correctable', error: 'advisory' });
    assert.equal(failing.register('uncorrectable'), MALFORMED);
    assert.notEqual(region.read32(8), 0xffff_ffff, 'what is masked has no effect');
    const control = (capabilityOffsets(failing.fn.config).get(CapabilityId.pcie) ?? 0) + 8;
    failing.fn.config.write(control, 2, failing.fn.config.read(control, 2) & ~0xf);
    failing.fail({ fault: 'uncorrectable', error: 'completion_timeout' });
    assert.equal(failing.register('uncorrectable'), MALFORMED | TIMEOUT);
    assert.deepEqual(failing.reports, []);
  });

  test('tells of correctable errors and is not disturbed by them', () => {
    using failing = new FailingMachine();
    failing.fail({ fault: 'correctable', error: 'bad_tlp' });
    assert.deepEqual(failing.reports, [{ address: NVME, severity: 'correctable', errors: ['bad_tlp'] }]);
    assert.equal(failing.register('correctable'), 1 << 6);
    assert.equal(failing.register('uncorrectable'), 0);
  });

  test('that is out, or hangs, tells of nothing', () => {
    using failing = new FailingMachine();
    failing.fail({ fault: 'unresponsive' });
    failing.fail({ fault: 'uncorrectable', error: 'malformed' });
    assert.deepEqual(failing.reports, []);
    assert.equal(failing.machine.clear(NVME, 'unresponsive'), true);
  });

  test('that is put in again reports again', () => {
    using failing = new FailingMachine();
    failing.fail({ fault: 'removed' });
    failing.machine.clear(NVME, 'removed');
    failing.fail({ fault: 'uncorrectable', error: 'malformed' });
    assert.equal(failing.reports.length, 1);
  });
});

describe('what a description may say of errors', () => {
  const refused = (slot: string) => {
    assert.throws(() => new FailingMachine(slot), { code: 'MACHINE_DESCRIPTION' });
  };

  test('a conventional device reports none', () => {
    refused('{slot: "01", model: edu, aer: true}');
  });

  test('a fault needs the capability, and an error that there is', () => {
    refused('{slot: "01", model: nvme, faults: [{fault: uncorrectable, error: malformed}]}');
    refused('{slot: "01", model: nvme, aer: true, faults: [{fault: uncorrectable, error: bad_tlp}]}');
    refused('{slot: "01", model: nvme, aer: true, faults: [{fault: correctable, error: malformed}]}');
    refused(
      '{slot: "01", model: nvme, aer: true, faults: [{fault: uncorrectable, error: malformed, header: [1]}]}',
    );
  });

  test('a fault at the start stands in the registers', () => {
    using failing = new FailingMachine(
      '{slot: "01", model: nvme, aer: true, faults: [{fault: uncorrectable, error: malformed}]}',
    );
    assert.equal(failing.register('uncorrectable'), MALFORMED);
  });

  test('each function of a device for itself', () => {
    using failing = new FailingMachine('{slot: "01", model: multi, functions: {3: {aer: true}}}');
    using copier = failing.machine.open(notations.hex.parse('00:01.3'));
    assert.notEqual(extendedCapabilityOffset(copier.config, ExtendedCapabilityId.aer), undefined);
    assert.equal(extendedCapabilityOffset(failing.fn.config, ExtendedCapabilityId.aer), undefined);
  });
});
