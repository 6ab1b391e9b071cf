/** Our XenStore server in a process of its own, through its socket: operations a second. The lab has C xenstored beside it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabFailure } from '../lab/failure.js';
import { median } from './samples.js';
import { LOADS, measureLoads, type StoreSamples } from './store-load.js';

/** Operations of one measurement on this host. */
const OPERATIONS = 5000;

export async function measureStore(rounds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'openslot-bench-'));
  const socket = join(directory, 'socket');
  const program = fileURLToPath(new URL('store-server.js', import.meta.url));
  const server = spawn(process.execPath, [program, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await new Promise<void>((resolve, reject) => {
      server.stdout.once('data', () => {
        resolve();
      });
      server.once('exit', (code) => {
        reject(new LabFailure(`The store's server ended with ${code ?? 'a signal'} before it was ready.`));
      });
    });
    const samples = await measureLoads({ openslot: socket }, rounds, OPERATIONS);
    console.log(`store: operations a second through the socket, ${rounds} rounds of ${OPERATIONS}`);
    printLoads(samples);
  } finally {
    server.kill('SIGTERM');
    rmSync(directory, { recursive: true });
  }
}

/** Medians with all samples; with two servers also the first one's median over the second one's. */
export function printLoads(samples: StoreSamples): void {
  for (const load of LOADS) {
    console.log(`  ${load}`);
    const medians = Object.entries(samples).map(([name, own]) => {
      const taken = own[load];
      const rates = taken.map((rate) => rate.toFixed(0)).join(' ');
      console.log(`    ${name.padEnd(12)} median ${median(taken).toFixed(0).padStart(8)}   ${rates}`);
      return median(taken);
    });
    const [ours, theirs] = medians;
    if (ours !== undefined && theirs !== undefined)
      console.log(`    ratio        ${(ours / theirs).toFixed(2)}`);
  }
}
