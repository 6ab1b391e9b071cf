/** Programs that drive devices: device files, registers, interrupts and a driver, each beside its peer in one run. */
import { availableParallelism, loadavg } from 'node:os';
import { measureBell } from './proto/bell.js';
import { CompiledPrograms } from './proto/compiler.js';
import { measureFiles } from './proto/files.js';
import { measureNvme } from './proto/nvme.js';
import { measureRegisters } from './proto/registers.js';

export async function measureProto(rounds: number): Promise<void> {
  const load = loadavg().map((one) => one.toFixed(2));
  console.log(`proto: ${availableParallelism()} processors, load average ${load.join(' ')}`);
  using programs = new CompiledPrograms();
  await measureFiles(rounds, programs);
  measureRegisters(rounds, programs);
  await measureBell(rounds, programs);
  await measureNvme(rounds);
}
