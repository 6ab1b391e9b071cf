/** The compliance suite on storage, and what of it only reads on this host's own functions. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COMPLIANCE_CASES, type ComplianceSubject } from '../../src/function/compliance/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { OpenslotError } from '../../src/pci/index.js';
import { disk, edu } from './shapes.js';
import { StorageMachine } from './storage-machine.js';

function suite(name: string, subject: ComplianceSubject, changing: boolean): void {
  describe(name, () => {
    for (const { name: title, needs, changes, run } of COMPLIANCE_CASES) {
      const lacking = needs.filter((need) => !subject.machine.capabilities[need]);
      if (lacking.length > 0 || (changes && !changing)) continue;
      test(title, () => run(subject));
    }
  });
}

const machine = new StorageMachine(disk(), edu());
for (const shape of [disk(), edu()]) {
  suite(`compliance: storage ${shape.address}`, { machine, address: shape.address, memoryRegion: 0 }, true);
}

describe('compliance: this host', () => {
  const linux = new LinuxMachine();
  let functions: ReturnType<LinuxMachine['list']> = [];
  try {
    functions = linux.list();
  } catch (error) {
    test('has no PCI', (context) => {
      assert.ok(error instanceof OpenslotError && error.code === 'SYSFS_UNAVAILABLE', String(error));
      context.skip(error.message);
    });
  }
  // Reading only: these functions carry the host's own disk and network.
  for (const { address } of functions)
    suite(`compliance: linux ${address}`, { machine: linux, address }, false);
});

test('the suite has no case that nothing can run', () => {
  const runnable = COMPLIANCE_CASES.filter(({ needs }) => needs.every((need) => machine.capabilities[need]));
  assert.equal(runnable.length, COMPLIANCE_CASES.length);
});
