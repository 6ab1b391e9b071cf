/** The files that QEMU and the tool stack boot from: hypervisor, kernel, both initramfs, and the disks. */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { repository } from '../cache.js';
import { CpioArchive } from '../cpio.js';
import { kernelElf } from '../kernel-image.js';
import { ModuleTree } from '../modules.js';
import { step } from '../progress.js';
import type { LabRoot } from '../root.js';

export interface Disk {
  readonly path: string;
  /** What a guest must read from its beginning. */
  readonly md5: string;
}

export interface Images {
  /** Everything below lies here; dom0 sees this folder as /images. */
  readonly folder: string;
  readonly hypervisor: string;
  readonly kernel: string;
  readonly dom0: string;
  readonly guest: string;
  /** Two for NVMe, one for SATA. */
  readonly disks: readonly [Disk, Disk];
  readonly sataDisk: Disk;
  /** A folder with nothing but this host's node binary. */
  readonly node: string;
}

/** Bytes that guest and dom0 read from a disk; guest/lib.sh and guest/init.guest have the same number. */
const checkedBytes = 64 * 4096;
const diskBytes = 64 * 2 ** 20;

/** Where the scripts are that run inside; dom0 sees them below /openslot. */
export const guestScripts = join(repository, 'lab/xen/guest');

/** Hypervisor, kernel and disks are made once for a tree, the small initramfs in every run. */
export async function buildImages(root: LabRoot): Promise<Images> {
  const folder = root.path('images');
  mkdirSync(folder, { recursive: true });
  const images = {
    folder,
    hypervisor: join(folder, 'xen.elf'),
    kernel: join(folder, 'vmlinux.elf'),
    dom0: join(folder, 'dom0.cpio'),
    guest: join(folder, 'guest.cpio'),
    node: join(folder, 'node'),
  };
  if (!existsSync(images.hypervisor))
    writeWhole(
      images.hypervisor,
      gunzipSync(readFileSync(root.path(`boot/${root.find('boot', /^xen-[\d.]+-amd64\.gz$/)}`))),
    );
  if (!existsSync(images.kernel))
    await step('kernel out of its bzImage', async () => {
      writeWhole(
        images.kernel,
        await kernelElf(root, readFileSync(root.path(`boot/vmlinuz-${root.kernelRelease}`))),
      );
    });
  const modules = new ModuleTree(root);
  writeWhole(images.dom0, await dom0Archive(root, modules));
  writeWhole(images.guest, await guestArchive(root, modules));
  copyNode(images.node);
  return { ...images, disks: [disk(folder, 1), disk(folder, 2)], sataDisk: disk(folder, 3) };
}

/** A crash leaves the old file or the new one, never half of it. */
function writeWhole(path: string, bytes: Uint8Array): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}

/** Small: it only has to mount the folders that QEMU shares by 9p. */
async function dom0Archive(root: LabRoot, modules: ModuleTree): Promise<Buffer> {
  const archive = startArchive(root, 'init.dom0');
  await addModules(archive, modules, ['virtio_pci', '9pnet_virtio', '9p', 'overlay']);
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) archive.add(name, { link: `usr/${name}` });
  for (const name of ['usr', 'run', 'root', 'var/lib', 'var/log']) archive.folder(name);
  archive.add('var/run', { link: '/run' });
  archive.add('etc/passwd', { file: 'root:x:0:0:root:/root:/bin/sh\n' });
  archive.add('etc/group', { file: 'root:x:0:\n' });
  return archive.finish();
}

async function guestArchive(root: LabRoot, modules: ModuleTree): Promise<Buffer> {
  const archive = startArchive(root, 'init.guest');
  await addModules(archive, modules, ['xen-pcifront', 'nvme', 'e1000e', 'e1000', 'ahci', 'sd_mod']);
  return archive.finish();
}

function startArchive(root: LabRoot, init: string): CpioArchive {
  const archive = new CpioArchive();
  for (const name of ['dev', 'proc', 'sys', 'tmp']) archive.folder(name);
  archive.add('busybox/busybox', { file: readFileSync(root.path('usr/bin/busybox')), mode: 0o755 });
  for (const name of ['sh', 'mount']) archive.add(`busybox/${name}`, { link: 'busybox' });
  archive.add('init', { file: readFileSync(join(guestScripts, init)), mode: 0o755 });
  return archive;
}

/** Puts the modules into /modules, and their order into one list for each that was asked for. */
async function addModules(
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

/** The folder of the real binary can be /usr/bin, which is nobody's business in there: a copy is shared. */
function copyNode(folder: string): void {
  const copy = join(folder, 'node');
  const now = statSync(process.execPath);
  const then = statSync(copy, { throwIfNoEntry: false });
  if (then?.size === now.size && then.mtimeMs >= now.mtimeMs) return;
  mkdirSync(folder, { recursive: true });
  copyFileSync(process.execPath, copy);
}

/** A disk of pseudo-random bytes that are the same on every machine (xorshift32 from a fixed seed). */
function disk(folder: string, seed: number): Disk {
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
