/** Writes a file as a whole: a crash leaves the old one or the new one, never half of it. */
import { renameSync, writeFileSync } from 'node:fs';

export function writeWhole(path: string, bytes: Uint8Array): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}
