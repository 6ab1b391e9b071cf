/** Admin commands a second of the NVMe example, each told by an interrupt: on QEMU's model, and on the simulated one. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NvmeDriver } from '../../examples/nvme-driver.js';
import type { Machine } from '../../src/function/index.js';
import { openMachine } from '../../src/machines/index.js';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { OpenslotError } from '../../src/pci/index.js';
import { printRows } from '../samples.js';

const IDENTIFIES = 100;
const COMMANDS_OF_ONE = 2;
const NVME = 0x010802;

export async function measureNvme(rounds: number): Promise<void> {
  console.log('  NVMe admin commands a second, each with its interrupt:');
  const folder = mkdtempSync(join(tmpdir(), 'openslot-bench-'));
  const image = join(folder, 'image');
  writeFileSync(image, '');
  truncateSync(image, 1 << 20);
  const rows: Record<string, number[]> = {};
  const machines: [string, Machine][] = [];
  try {
    machines.push([
      'sim',
      new SimMachine(
        parseMachine('roots: [{bus: 0, slots: [{slot: "01", model: nvme, options: {latency: 0}}]}]'),
      ),
    ]);
    try {
      const drive = `-drive file=${image},if=none,id=disk,format=raw -device nvme,serial=BENCH,drive=disk`;
      machines.push(['qemu', await openMachine(`qemu:${drive}`)]);
    } catch (error) {
      if (!(error instanceof OpenslotError)) throw error;
      console.log(`    without qemu: ${error.message}`);
    }
    for (let round = 0; round < rounds; round++)
      for (const [name, machine] of machines) (rows[name] ??= []).push(await commandsPerSecond(machine));
    printRows(rows, 0, rows['qemu'] === undefined ? [] : [['qemu', 'sim']]);
  } finally {
    for (const [, machine] of machines) machine[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function commandsPerSecond(machine: Machine): Promise<number> {
  const found = machine.list().find(({ classCode }) => classCode === NVME);
  if (found === undefined) throw new Error(`${machine.name} has no NVMe controller`);
  using fn = machine.open(found.address);
  using driver = await NvmeDriver.start(fn);
  const start = performance.now();
  for (let round = 0; round < IDENTIFIES; round++) await driver.identify();
  return (IDENTIFIES * COMMANDS_OF_ONE * 1000) / (performance.now() - start);
}
