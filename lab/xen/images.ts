/** The files that QEMU and the tool stack boot from: hypervisor, kernel, both initramfs, and the disks. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { repository } from '../cache.js';
import { disk, type Disk } from '../disk.js';
import { addModules, startArchive } from '../initramfs.js';
import { plainKernel } from '../kernel-image.js';
import { ModuleTree } from '../modules.js';
import type { LabRoot } from '../root.js';
import { writeWhole } from '../whole-file.js';

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

/** Where the scripts are that run inside; dom0 sees them below /openslot. */
export const guestScripts = join(repository, 'lab/xen/guest');

/** Hypervisor, kernel and disks are made once for a tree, the small initramfs in every run. */
export async function buildImages(root: LabRoot): Promise<Images> {
  const folder = root.path('images');
  mkdirSync(folder, { recursive: true });
  const images = {
    folder,
    hypervisor: join(folder, 'xen.elf'),
    kernel: await plainKernel(root, folder),
    dom0: join(folder, 'dom0.cpio'),
    guest: join(folder, 'guest.cpio'),
    node: join(folder, 'node'),
  };
  if (!existsSync(images.hypervisor))
    writeWhole(
      images.hypervisor,
      gunzipSync(readFileSync(root.path(`boot/${root.find('boot', /^xen-[\d.]+-amd64\.gz$/)}`))),
    );
  const modules = new ModuleTree(root);
  writeWhole(images.dom0, await dom0Archive(root, modules));
  writeWhole(images.guest, await guestArchive(root, modules));
  copyNode(images.node);
  return { ...images, disks: [disk(folder, 1), disk(folder, 2)], sataDisk: disk(folder, 3) };
}

/** Small: it only has to mount the folders that QEMU shares by 9p. */
async function dom0Archive(root: LabRoot, modules: ModuleTree): Promise<Buffer> {
  const archive = startArchive(root, join(guestScripts, 'init.dom0'));
  await addModules(archive, modules, ['virtio_pci', '9pnet_virtio', '9p', 'overlay']);
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) archive.add(name, { link: `usr/${name}` });
  for (const name of ['usr', 'run', 'root', 'var/lib', 'var/log']) archive.folder(name);
  archive.add('var/run', { link: '/run' });
  archive.add('etc/passwd', { file: 'root:x:0:0:root:/root:/bin/sh\n' });
  archive.add('etc/group', { file: 'root:x:0:\n' });
  return archive.finish();
}

async function guestArchive(root: LabRoot, modules: ModuleTree): Promise<Buffer> {
  const archive = startArchive(root, join(guestScripts, 'init.guest'));
  await addModules(archive, modules, ['xen-pcifront', 'nvme', 'e1000e', 'e1000', 'ahci', 'sd_mod']);
  return archive.finish();
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
