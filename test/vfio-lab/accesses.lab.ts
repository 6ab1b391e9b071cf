/** One access to a mapped register is one access on the bus: QEMU's own trace of NVMe's registers, beside what was called. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { claimFor, NVME } from './machine.js';

/** QEMU writes it into the folder that it shares with this machine, a line before each access is over. */
const TRACE = '/lab/trace.log';
const EVENT = /pci_nvme_mmio_(read|write) addr 0x([0-9a-f]+).* size (\d)/;
/** More than what it takes until code is optimized, by each compiler of Node's. */
const ROUNDS = 20_000;
/** The controller's version, and its interrupt mask: a write of 0 to it does nothing. Neither is changed by a read. */
const VERSION = 0x08;
const CAPABILITIES = 0x00;
const MASK_SET = 0x0c;
const ADMIN_SUBMISSION_QUEUE = 0x28;

test('a mapped register is accessed once, in its width, cold and hot', async (context) => {
  await claimFor('vfio', NVME);
  const machine = new LinuxMachine();
  using fn = machine.open(NVME);
  fn.setEnabled(true);
  using region = fn.openRegion(0);
  assert.equal(region.mapped, true);
  const trace = openSync(TRACE, 'r');
  const counts = () => {
    const found = new Map<string, number>();
    for (const line of readFileSync(trace, 'latin1').split('\n')) {
      const [, kind = '', place = '', width = ''] = EVENT.exec(line) ?? [];
      if (kind === '') continue;
      const key = `${kind} of ${width} at 0x${place}`;
      found.set(key, (found.get(key) ?? 0) + 1);
    }
    return [...found];
  };
  const accessors: readonly (readonly [string, () => unknown])[] = [
    ['read of 2 at 0x8', () => region.read16(VERSION)],
    ['read of 4 at 0x8', () => region.read32(VERSION)],
    ['read of 8 at 0x0', () => region.read64(CAPABILITIES)],
    ['write of 4 at 0xc', () => region.write32(MASK_SET, 0)],
    ['write of 8 at 0x28', () => region.write64(ADMIN_SUBMISSION_QUEUE, 0n)],
  ];
  try {
    counts();
    for (const [name, access] of accessors) {
      access();
      assert.deepEqual(counts(), [[name, 1]], 'cold');
      for (let round = 0; round < ROUNDS; round++) access();
      assert.deepEqual(counts(), [[name, ROUNDS]], 'hot');
    }
  } finally {
    closeSync(trace);
  }
  context.diagnostic(
    `${accessors.length} accessors, each 1 access when cold and ${ROUNDS} in ${ROUNDS} calls`,
  );
});
