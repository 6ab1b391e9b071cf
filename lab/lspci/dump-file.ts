/** A dump's text as a file, for programs that read one by its name; the file lasts as long as this process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;
/** What the file holds. */
let written: string | undefined;

/** The same path each time; a text that was just written is not written again. */
export function dumpFile(text: string): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'openslot-lspci-'));
    process.once('exit', () => {
      rmSync(made, { recursive: true, force: true });
    });
    folder = made;
  }
  const path = join(folder, 'dump');
  if (written !== text) writeFileSync(path, text, 'latin1');
  written = text;
  return path;
}
