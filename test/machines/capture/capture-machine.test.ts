/** The machine `capture:FILE`: what reads the port sees what it saw on the machine; changes are refused with the reason. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ComplianceMatrix } from '../../../src/function/compliance/index.js';
import { captureMachine } from '../../../src/function/index.js';
import { CaptureMachine, formatCapture, formatDump } from '../../../src/machines/capture/index.js';
import { openMachine } from '../../../src/machines/index.js';
import { SimMachine } from '../../../src/machines/sim/index.js';
import { decodeFunction, notations } from '../../../src/pci/index.js';
import { capabilityTest, complianceSuite } from '../../function/compliance-suite.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-capture-machine-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const sim = new SimMachine(undefined, { clock: 'manual' });
after(() => {
  sim[Symbol.dispose]();
});
const capture = captureMachine(sim);
const [ours, dump] = [join(folder, 'capture.json'), join(folder, 'capture.txt')];
writeFileSync(ours, formatCapture(capture));
writeFileSync(dump, formatDump(capture));
const DISK = notations.hex.parse('02:00.0');

const matrix = new ComplianceMatrix();
for (const file of [ours, dump]) {
  const machine = await CaptureMachine.read(file);
  const subjects = machine.list().map(({ address }) => ({ machine, address }));
  for (const subject of subjects) complianceSuite(matrix, file, subject, false);
  capabilityTest(machine, subjects, false);
}

describe('a saved machine', () => {
  test('is listed and decoded as it was', async () => {
    using machine = await openMachine(`capture:${ours}`);
    assert.equal(machine.name, `capture:${ours}`);
    assert.deepEqual(machine.list(), sim.list());
    for (const { address } of sim.list()) {
      using now = sim.open(address);
      using then = machine.open(address);
      assert.deepEqual(decodeFunction(then.config), decodeFunction(now.config));
      assert.deepEqual(then.regions, now.regions);
      assert.deepEqual(then.resetMethods, now.resetMethods);
      assert.equal(then.interruptLine, now.interruptLine);
    }
  });

  test('is captured as what was saved', async () => {
    assert.deepEqual(captureMachine(await CaptureMachine.read(ours)), capture);
    const [only, ...others] = captureMachine(await CaptureMachine.read(ours), {
      addresses: [DISK],
    }).functions;
    assert.deepEqual(
      only,
      capture.functions.find(({ address }) => address.equals(DISK)),
    );
    assert.deepEqual(others, []);
  });

  test('has of a dump the registers alone, and says so', async () => {
    using machine = await openMachine(`capture:${dump}`);
    for (const [index, summary] of machine.list().entries()) {
      const { driver, iommuGroup, unreadable, ...same } = summary;
      assert.deepEqual(
        { ...sim.list()[index], ...same, driver: undefined },
        { ...sim.list()[index], driver: undefined },
      );
      assert.deepEqual([driver, iommuGroup], [undefined, undefined]);
      assert.match(unreadable[0]?.why ?? '', /a dump has configuration space alone/);
      using fn = machine.open(summary.address);
      assert.deepEqual(fn.regions, []);
    }
  });

  test('refuses every change, and names the file and the time', async () => {
    const machine = await CaptureMachine.read(ours);
    using fn = machine.open(DISK);
    const saved = {
      message: new RegExp(
        `capture:.*capture.json was saved, as it was at ${capture.taken?.toISOString() ?? ''}`,
      ),
    };
    assert.throws(
      () => {
        fn.config.write(4, 2, 0);
      },
      { code: 'CONFIG_REFUSED', ...saved },
    );
    assert.throws(
      () => {
        fn.setEnabled(true);
      },
      { code: 'ENABLE_FAILED', ...saved },
    );
    await assert.rejects(fn.reset(), { code: 'RESET_UNAVAILABLE', ...saved });
    assert.throws(() => fn.openRegion(0), { code: 'REGION_REFUSED', message: /and not its registers/ });
    assert.throws(() => fn.openRegion(5), { code: 'REGION_ABSENT' });
  });

  test('gives its regions’ registers to nobody, and needs a file', async () => {
    await assert.rejects(openMachine('capture'), { code: 'MACHINE_UNKNOWN' });
    await assert.rejects(openMachine('capture:'), { code: 'MACHINE_UNKNOWN' });
    await assert.rejects(openMachine(`capture:${folder}/none`), { code: 'CAPTURE_FILE' });
  });

  test('of an address that a dump has twice shows the first one', async () => {
    const file = join(folder, 'twice');
    writeFileSync(file, '00:00.0 a\n00: 01 02\n\n00:00.0 b\n00: 03 04\n');
    const machine = await CaptureMachine.read(file);
    assert.equal(machine.list().length, 2);
    using fn = machine.open(notations.hex.parse('00:00.0'));
    assert.equal(fn.config.read(0, 2), 0x0201);
    assert.equal(fn.config.size, 2);
  });
});
