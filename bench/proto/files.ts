/** A read of 4 bytes through our device files, beside one through a libfuse3 program in C: both with their reader on one core. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { printRows } from '../samples.js';
import type { CompiledPrograms } from './compiler.js';

const OPENSLOT = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const READS = 20_000;
const MACHINE = 'roots: [{bus: 0, slots: [{slot: "04", model: testdev}]}]\n';
const OURS = 'openslot proto mount';
const PEER = 'libfuse3, C';

export async function measureFiles(rounds: number, programs: CompiledPrograms): Promise<void> {
  console.log('  pread of 4 bytes of a register, microseconds:');
  if (!canMount()) {
    console.log('    left out: /dev/fuse cannot be opened here');
    return;
  }
  const reader = programs.compile('reader');
  if (reader === undefined) return;
  const peer = programs.compile('peer-files', 'fuse3');
  const folder = mkdtempSync(join(tmpdir(), 'openslot-bench-'));
  const machine = join(folder, 'machine.yaml');
  writeFileSync(machine, MACHINE);
  const places = { ours: join(folder, 'ours'), peer: join(folder, 'peer') };
  for (const place of Object.values(places)) mkdirSync(place);
  const env = { ...process.env, OPENSLOT_RUNTIME_DIR: folder };
  const servers: ChildProcess[] = [];
  try {
    servers.push(
      onOneCore(process.execPath, [OPENSLOT, 'proto', 'mount', places.ours, '--on', `sim:${machine}`], env),
    );
    if (peer !== undefined) servers.push(onOneCore(peer, [places.peer], env));
    const ours = await served(join(places.ours, 'pci0:0:4:0/10.mem'));
    const theirs = peer === undefined ? undefined : await served(join(places.peer, 'register'));
    const rows: Record<string, number[]> = theirs === undefined ? { [OURS]: [] } : { [OURS]: [], [PEER]: [] };
    for (let round = 0; round < rounds; round++) {
      rows[OURS]?.push(read(reader, ours));
      if (theirs !== undefined) rows[PEER]?.push(read(reader, theirs));
    }
    printRows(rows, 2, theirs === undefined ? [] : [[OURS, PEER]]);
  } finally {
    for (const server of servers) {
      server.kill('SIGTERM');
      if (server.exitCode === null) await once(server, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function canMount(): boolean {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where the two may run on two cores, waking the other one costs more than all that is measured here. */
function onOneCore(program: string, parameters: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn('taskset', ['-c', '0', program, ...parameters], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function served(file: string): Promise<string> {
  for (let waited = 0; !existsSync(file); waited += 50) {
    if (waited > 30_000) throw new Error(`${file} is not served`);
    await sleep(50);
  }
  return file;
}

function read(reader: string, file: string): number {
  const { stdout, status } = spawnSync('taskset', ['-c', '0', reader, file, String(READS)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${file} cannot be read`);
  return Number(stdout) / 1000;
}
