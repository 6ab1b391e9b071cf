/** Registers on mapped memory: our accessors beside C's volatile, both on pages of one file. */
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryRegisters } from '../../src/function/index.js';
import { mapFile, PAGE_SIZE } from '../../src/os/index.js';
import { printRows } from '../samples.js';
import type { CompiledPrograms } from './compiler.js';

const ACCESSES = 5_000_000;

export function measureRegisters(rounds: number, programs: CompiledPrograms): void {
  console.log('  access of 32 bits to mapped memory, nanoseconds:');
  const folder = mkdtempSync(join(tmpdir(), 'openslot-bench-'));
  const file = join(folder, 'registers');
  const fd = openSync(file, 'w+');
  ftruncateSync(fd, PAGE_SIZE);
  const mapping = mapFile(fd, 0, PAGE_SIZE, file);
  const registers = new MemoryRegisters('registers', mapping.buffer, 0, PAGE_SIZE);
  const peer = programs.compile('volatile');
  const rows: Record<string, number[]> = { 'read32, ours': [], 'write32, ours': [] };
  if (peer !== undefined) Object.assign(rows, { 'load, C volatile': [], 'store, C volatile': [] });
  try {
    for (let round = 0; round < rounds; round++) {
      const [load, store] = timed(registers);
      rows['read32, ours']?.push(load);
      rows['write32, ours']?.push(store);
      if (peer === undefined) continue;
      const { stdout } = spawnSync(peer, [file, String(ACCESSES)], { encoding: 'utf8' });
      const [theirLoad, theirStore] = stdout.split(' ').map(Number);
      rows['load, C volatile']?.push(theirLoad ?? Number.NaN);
      rows['store, C volatile']?.push(theirStore ?? Number.NaN);
    }
    printRows(
      rows,
      2,
      peer === undefined
        ? []
        : [
            ['read32, ours', 'load, C volatile'],
            ['write32, ours', 'store, C volatile'],
          ],
    );
  } finally {
    registers.close();
    mapping.close();
    closeSync(fd);
    rmSync(folder, { recursive: true, force: true });
  }
}

function timed(registers: MemoryRegisters): readonly [number, number] {
  let sum = 0;
  const start = performance.now();
  for (let access = 0; access < ACCESSES; access++) sum += registers.read32((access & 255) * 4);
  const middle = performance.now();
  for (let access = 0; access < ACCESSES; access++) registers.write32((access & 255) * 4, access);
  const end = performance.now();
  // The sum keeps the loads: an engine may leave out what nobody looks at.
  if (Number.isNaN(sum)) throw new Error('no number');
  return [((middle - start) * 1e6) / ACCESSES, ((end - middle) * 1e6) / ACCESSES];
}
