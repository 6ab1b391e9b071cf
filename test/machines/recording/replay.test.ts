/** A program that was recorded runs on the recording as it ran on the machine, and is stopped where it does something else. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { driveEdu } from '../../../examples/edu.js';
import type { PciFunction } from '../../../src/function/index.js';
import { openMachine, recordMachine } from '../../../src/machines/index.js';
import { SimMachine } from '../../../src/machines/sim/index.js';
import { notations } from '../../../src/pci/index.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-recording-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const EDU = notations.hex.parse('01:00.0');

let files = 0;
function fresh(): string {
  return join(folder, `${++files}.jsonl`);
}

async function recorded(program: (fn: PciFunction) => Promise<void> | void): Promise<string> {
  const file = fresh();
  using machine = recordMachine(new SimMachine(), file);
  using fn = machine.open(EDU);
  await program(fn);
  return file;
}

async function replayed(file: string, program: (fn: PciFunction) => Promise<void> | void): Promise<void> {
  using machine = await openMachine(`replay:${file}`);
  using fn = machine.open(EDU);
  await program(fn);
}

describe('replay', () => {
  test('the example for edu: registers, interrupts, DMA both ways', async () => {
    const file = await recorded(driveEdu);
    console.log(readFileSync(file, 'utf8'));
    await replayed(file, driveEdu);
  });
});
