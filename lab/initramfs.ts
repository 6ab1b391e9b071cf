/** What every initramfs of the lab begins with: busybox, an init, and kernel modules in the order of their insertion. */
import { readFileSync } from 'node:fs';
import { CpioArchive } from './cpio.js';
import type { ModuleTree } from './modules.js';
import type { LabRoot } from './root.js';

/** @param init path of the script that becomes /init. */
export function startArchive(root: LabRoot, init: string): CpioArchive {
  const archive = new CpioArchive();
  for (const name of ['dev', 'proc', 'sys', 'tmp']) archive.folder(name);
  archive.add('busybox/busybox', { file: readFileSync(root.path('usr/bin/busybox')), mode: 0o755 });
  for (const name of ['sh', 'mount']) archive.add(`busybox/${name}`, { link: 'busybox' });
  archive.add('init', { file: readFileSync(init), mode: 0o755 });
  return archive;
}

/** Puts the modules into /modules, and their order into one list for each that was asked for. */
export async function addModules(
  archive: CpioArchive,
  modules: ModuleTree,
  names: readonly string[],
): Promise<void> {
  const added = new Set<string>();
  for (const name of names) {
    const order: string[] = [];
    for (const path of modules.inOrder([name])) {
      const module = await modules.read(path);
      order.push(module.name);
      if (added.has(path)) continue;
      added.add(path);
      archive.add(`modules/${module.name}`, { file: module.bytes });
    }
    archive.add(`modules/${name}.order`, { file: order.map((one) => `${one}\n`).join('') });
  }
}
