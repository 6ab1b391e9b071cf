/** The programs of examples/, unchanged, on functions that VFIO gives. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { PciAddress } from '../../src/pci/index.js';
import { claimFor, EDU, NVME, PCNET } from './machine.js';

interface Program {
  readonly name: string;
  readonly address: PciAddress;
  /** A file that it compares with what it finds. */
  readonly file?: string;
}

/** Each is run as `node dist/examples/NAME.js linux ADDRESS [FILE]`. */
const PROGRAMS: readonly Program[] = [
  { name: 'edu', address: EDU },
  { name: 'nvme-driver', address: NVME, file: '/disk.img' },
  { name: 'pcnet-dhcp', address: PCNET },
];

for (const { name, address, file } of PROGRAMS) {
  test(`${name} on ${address}`, (context) => {
    claimFor('vfio', address);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [`dist/examples/${name}.js`, 'linux', String(address), ...(file === undefined ? [] : [file])],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stdout + stderr);
    for (const line of stdout.trim().split('\n')) context.diagnostic(line);
  });
}
