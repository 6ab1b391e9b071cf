/** The lab's phases: each has its script, and a judge of a driver's proof that can fail. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Checks } from '../../lab/checks.js';
import { guestScripts, type Images } from '../../lab/xen/images.js';
import { PHASES, PhaseRun } from '../../lab/xen/phases/index.js';
import { judgeProof, type Driver } from '../../lab/xen/phases/proofs.js';

test('every phase has its script, and every script its phase', () => {
  const scripts = readdirSync(join(guestScripts, 'phases')).map((name) => name.replace(/\.sh$/, ''));
  const phases = PHASES.map(({ name }) => name);
  assert.deepEqual(scripts.sort(), [...phases].sort());
  assert.equal(new Set(phases).size, phases.length);
});

const MD5 = '94de7f5306e1cb52ec8e6e84aa496c88';
const DISK = { path: '', md5: MD5 };
const IMAGES: Images = {
  folder: '',
  hypervisor: '',
  kernel: '',
  dom0: '',
  guest: '',
  disks: [DISK, DISK],
  sataDisk: DISK,
  node: '',
};
const REPLIES = 'carrier 1, 3 packets transmitted, 3 packets received, 0% packet loss';

/** As a guest's /proc/interrupts had them. */
const SEEN: Readonly<Record<Driver, { readonly proof: string; readonly interrupts: readonly string[] }>> = {
  nvme: {
    proof: MD5,
    interrupts: [
      ' 10:         10  xen-pirq    -pcifront-msi-x  nvme0q0',
      ' 11:          9  xen-pirq    -pcifront-msi-x  nvme0q1',
    ],
  },
  e1000e: {
    proof: REPLIES,
    interrupts: [
      ' 12:         12  xen-pirq    -pcifront-msi-x  eth0-rx-0',
      ' 13:         15  xen-pirq    -pcifront-msi-x  eth0-tx-0',
      ' 14:          1  xen-pirq    -pcifront-msi-x  eth0',
    ],
  },
  ahci: { proof: MD5, interrupts: [' 16:         12  xen-pirq    -pcifront-msi  ahci[0000:00:02.0]'] },
  e1000: { proof: REPLIES, interrupts: ['  9:         16  xen-pirq    -pcifront  eth1'] },
};

function failures(driver: Driver, proof: string | undefined, interrupts: readonly string[]): number {
  const values = new Map([
    ['step.proof', proof],
    ['step.interrupts', interrupts.length === 0 ? undefined : interrupts.join('\n')],
  ]);
  const checks = new Checks(() => undefined);
  const facts = { get: (name: string) => values.get(name), file: () => '' };
  judgeProof(new PhaseRun(facts, checks, 'openslot', IMAGES), 'step', driver);
  assert.equal(checks.passed + checks.failed, 2);
  return checks.failed;
}

describe('the proof of a driver', () => {
  for (const driver of ['nvme', 'e1000e', 'ahci', 'e1000'] as const) {
    const { proof, interrupts } = SEEN[driver];
    test(`${driver}: is good as a guest gave it`, () => {
      assert.equal(failures(driver, proof, interrupts), 0);
    });

    test(`${driver}: is good when the kernel wrote into its lines`, () => {
      const mixed = interrupts.map(
        (line) => `${line}[   29.850663] ${driver} 0000:00:09.0: registered PHC clock`,
      );
      assert.equal(failures(driver, proof, mixed), 0);
    });

    test(`${driver}: fails without data, without one of its interrupts, and with one of another kind`, () => {
      assert.equal(failures(driver, undefined, interrupts), 1);
      assert.equal(failures(driver, proof.replace(/[1-9]/, '0'), interrupts), 1);
      for (const line of interrupts) {
        const others = interrupts.filter((other) => other !== line);
        assert.equal(failures(driver, proof, others), 1, `without ${line}`);
        const silent = line.replace(/: +\d+/, ':          0');
        assert.equal(failures(driver, proof, [...others, silent]), 1, `never: ${line}`);
        const kind = / -pcifront(-msi)?(-x)?/;
        for (const other of [' -pcifront-msi-x', ' -pcifront-msi', ' -pcifront'].filter(
          (one) => one !== kind.exec(line)?.[0],
        ))
          assert.equal(failures(driver, proof, [...others, line.replace(kind, other)]), 1, other);
      }
    });
  }
});
