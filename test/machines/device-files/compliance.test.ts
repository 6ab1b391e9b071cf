/** The compliance suite through device files: the simulated machine in one process, the suite in another, the kernel between. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { driveEdu } from '../../../examples/edu.js';
import { ComplianceMatrix, PLATFORM_CASES, uartSubject } from '../../../src/function/compliance/index.js';
import { openMachine } from '../../../src/machines/index.js';
import { notations } from '../../../src/pci/index.js';
import { capabilityTest, complianceSuite } from '../../function/compliance-suite.js';
import { simulatedSubjects } from '../../function/stimuli.js';
import { unmountable } from '../../proto/mounting.js';
import { ServedFiles } from '../../proto/served.js';

const MACHINE = `
roots:
  - slots:
      - {slot: "03", model: multi}
      - {slot: "04", model: testdev}
      - slot: "05"
        bridge: {secondary: 1}
        bus: [{slot: "00", model: edu}]
platform:
  - {model: uart16550, ports: 0x3f8, line: 4}
  - {model: uart16550, memory: 0xfed00000}
`;
const EDU = notations.hex.parse('01:00.0');

if (unmountable !== false) {
  test('device files as a machine', (context) => {
    context.skip(unmountable || '');
  });
} else {
  const served = await ServedFiles.start(MACHINE);
  after(() => served[Symbol.asyncDispose]());
  const machine = await openMachine(`proto:${served.directory}`);
  after(() => {
    machine[Symbol.dispose]();
  });
  const matrix = new ComplianceMatrix();
  const subjects = simulatedSubjects(machine);

  test('lists the functions that have files, bridges not among them', () => {
    assert.deepEqual(
      machine
        .list()
        .map(({ address, device }) => `${notations.shortHex.format(address)} ${device.toString(16)}`),
      ['00:03.0 5110', '00:03.1 5111', '00:03.3 5113', '00:04.0 5100', '01:00.0 11e8'],
    );
  });
  for (const subject of subjects) complianceSuite(matrix, 'proto', subject, true);
  capabilityTest(machine, subjects, true);

  for (const { name, run } of PLATFORM_CASES)
    test(`proto, ${name}`, async () => {
      await run(uartSubject(machine, 'isa:0x3f8'));
    });

  test('platform devices are listed by their files', () => {
    assert.deepEqual(
      machine.platform
        ?.list()
        .map(({ name, regions }) => [name, regions.map(({ kind, size }) => `${kind} ${size}`).join()]),
      [
        ['isa:0x3f8', 'io 8'],
        ['isa:0xfed00000', 'memory 8'],
      ],
    );
  });

  test('the example for edu runs unchanged', async () => {
    using fn = machine.open(EDU);
    await driveEdu(fn);
  });

  describe('what is another program’s', () => {
    test('is told so, and is free when that has closed it', async () => {
      using other = await openMachine(`proto:${served.directory}`);
      const mine = machine.open(EDU);
      assert.throws(() => other.open(EDU), { code: 'DEVICE_FILE_BUSY' });
      const [summary] = other.list().filter(({ address }) => address.equals(EDU));
      assert.match(
        summary?.unreadable[0]?.why ?? '',
        new RegExp(`\\(process ${process.pid}\\) has .*pcicfg open`),
      );
      mine.close();
      other.open(EDU).close();
    });

    test('a directory without device files is none', async () => {
      await assert.rejects(openMachine('proto:/nowhere'), { code: 'DEVICE_FILES_ABSENT' });
      await assert.rejects(openMachine('proto:/proc/self'), {
        code: 'DEVICE_FILES_ABSENT',
        message: /no folder in it is a device’s/,
      });
      await assert.rejects(openMachine(`proto:${join(served.directory, notations.proto.format(EDU))}`), {
        code: 'DEVICE_FILES_ABSENT',
        next: new RegExp(`--on proto:${served.directory}$`),
      });
      await assert.rejects(openMachine('proto:'), { code: 'MACHINE_UNKNOWN' });
      await assert.rejects(openMachine('sim:'), { code: 'MACHINE_UNKNOWN' });
      await assert.rejects(openMachine('proto'), { code: 'MACHINE_UNKNOWN' });
    });
  });
}
