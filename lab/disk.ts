/** Disks for the lab's machines, with contents that are the same everywhere. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from './whole-file.js';

export interface Disk {
  readonly path: string;
  /** What a guest must read from its beginning. */
  readonly md5: string;
}

/** Bytes that guest and dom0 read from a disk; xen/guest/lib.sh and xen/guest/init.guest have the same number. */
const checkedBytes = 64 * 4096;
const diskBytes = 64 * 2 ** 20;

/** A disk of pseudo-random bytes that are the same on every machine (xorshift32 from a fixed seed). */
export function disk(folder: string, seed: number): Disk {
  const path = join(folder, `disk-${seed}.img`);
  if (!existsSync(path)) {
    const words = new Uint32Array(diskBytes / 4);
    let state = Math.imul(seed, 0x9e3779b1);
    for (let index = 0; index < words.length; index++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[index] = state;
    }
    writeWhole(path, new Uint8Array(words.buffer));
  }
  const head = readFileSync(path).subarray(0, checkedBytes);
  return { path, md5: createHash('md5').update(head).digest('hex') };
}
