/** What is told of the lab's own functions before they are given away: dom0 sees no IOMMU, and Xen has one. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { describeFinding, examinerOf, type Examiner } from '../../src/admin/index.js';
import { neighboursOf, surveyMachine } from '../../src/function/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { notations } from '../../src/pci/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';
import { openNativePlatform } from '../../src/xen/native/index.js';
import type { XenPlatform } from '../../src/xen/platform.js';

const DISK = notations.hex.parse('00:08.0');
/** A share with this program in it: a virtio device sixteen slots further, whose driver is the host's for good. */
const SHARE = '0000:00:18.0';

const machine = new LinuxMachine();
let platform: XenPlatform;
let examiner: Examiner;
before(async () => {
  platform = await openNativePlatform();
  examiner = examinerOf({ platform, machine, pool: new Pool(machine, new MemoryJournal()) });
});
after(async () => {
  await platform[Symbol.asyncDispose]();
});

describe('the functions of the lab', () => {
  test('Xen has an IOMMU, and groups are derived, because the kernel shows none', (context) => {
    assert.equal(platform.assignment.translates(), true);
    const survey = surveyMachine(machine);
    for (const { summary, line, wire, group, resetMethods } of survey.functions)
      context.diagnostic(
        `${summary.address} ${summary.driver ?? '-'}: line ${line ?? '-'}, device ${wire?.device ?? '-'} pin ${wire?.pin ?? '-'}, group ${group ?? '-'}, reset ${resetMethods.join(' ')}`,
      );
    assert.equal(survey.groups, 'derived');
    assert.equal(survey.functions.length, machine.list().length);
    assert.deepEqual(neighboursOf(survey, DISK)?.group, [], 'alone in its slot of the root bus');
    // The functions of the chipset are one device, without access control.
    const chipset = neighboursOf(survey, notations.hex.parse('00:1f.2'));
    assert.ok(chipset !== undefined && chipset.group.length >= 2);
    assert.deepEqual(chipset.group, chipset.device);
  });

  test('the disk’s interrupt line is that of a share, which the host has', async (context) => {
    const findings = (await examiner.look(DISK)).map(describeFinding);
    for (const { code, severity, message } of findings) context.diagnostic(`${code} ${severity}: ${message}`);
    const line = findings.find(({ code }) => code === 'shared-interrupt');
    assert.ok(line !== undefined);
    assert.equal(line.severity, 'unsafe');
    assert.match(line.message, new RegExp(`${SHARE} \\(.*, the host has it: driver virtio-pci\\)`));
    assert.ok(!findings.some(({ code }) => code === 'no-iommu' || code === 'shared-group'));
  });
});
