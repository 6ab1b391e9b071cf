/** What the machine with VFIO boots: Debian's kernel, and an initramfs with Node and this program in it. */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../cache.js';
import type { CpioArchive } from '../cpio.js';
import { disk, type Disk } from '../disk.js';
import { addModules, startArchive } from '../initramfs.js';
import { plainKernel } from '../kernel-image.js';
import { ModuleTree } from '../modules.js';
import { step } from '../progress.js';
import type { LabRoot } from '../root.js';
import { writeWhole } from '../whole-file.js';

export interface Images {
  readonly kernel: string;
  readonly initramfs: string;
  readonly disk: Disk;
}

/** Inserted at the start, and those that the suites insert when they need them. */
const modules = [
  '9pnet_virtio',
  'virtio_pci',
  '9p',
  'vfio_iommu_type1',
  'vfio-pci',
  'uio_pci_generic',
  'e1000',
  'e1000e',
  'nvme',
  'fuse',
];

/** Of the NVMe disk's image, for who compares them. */
const comparedBytes = 2 ** 20;

/** What node is linked to, and the loader that finds it. */
const libraries = [
  'ld-linux-x86-64.so.2',
  'libc.so.6',
  'libdl.so.2',
  'libgcc_s.so.1',
  'libm.so.6',
  'libpthread.so.0',
  'libstdc++.so.6',
];

/** Of our own build, everything that a user has, and the suites. */
const ownFolders = ['dist/src', 'dist/examples', 'dist/test/vfio-lab'];
const ownFiles = [
  'package.json',
  'dist/test/function/compliance-suite.js',
  'dist/test/until.js',
  'dist/test/virtual-machine/resting-machine.js',
  // What finds QEMU in the tree.
  ...['root', 'failure', 'process'].map((name) => `dist/lab/${name}.js`),
];

export async function buildImages(root: LabRoot): Promise<Images> {
  const folder = root.path('images');
  mkdirSync(folder, { recursive: true });
  const initramfs = join(folder, 'vfio.cpio');
  const nvme = disk(folder, 1);
  await step('initramfs with Node', async () => {
    writeWhole(initramfs, await archiveOf(root, nvme));
  });
  return { kernel: await plainKernel(root, folder), initramfs, disk: nvme };
}

async function archiveOf(root: LabRoot, nvme: Disk): Promise<Buffer> {
  const archive = startArchive(root, join(repository, 'lab/vfio/guest/init'));
  await addModules(archive, new ModuleTree(root), modules);
  addNode(archive, root);
  archive.add('disk.img', { file: readFileSync(nvme.path).subarray(0, comparedBytes) });
  for (const name of ownFiles)
    archive.add(`openslot/${name}`, { file: readFileSync(join(repository, name)) });
  for (const name of ownFolders) addFolder(archive, name);
  for (const name of dependencies()) addFolder(archive, `node_modules/${name}`);
  return archive.finish();
}

function addNode(archive: CpioArchive, root: LabRoot): void {
  archive.add('bin/node', { file: readFileSync(process.execPath), mode: 0o755 });
  for (const name of libraries)
    archive.add(`lib/${name}`, {
      file: readFileSync(root.path(`usr/lib/x86_64-linux-gnu/${name}`)),
      mode: 0o755,
    });
  archive.add('lib64', { link: 'lib' });
  archive.add('etc/passwd', { file: 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' });
  archive.add('etc/group', { file: 'root:x:0:\nnogroup:x:65534:\n' });
}

/** Files that a running program reads; no sources, no maps. */
const running = /\.([cm]?js|json|node)$/;

function addFolder(archive: CpioArchive, name: string): void {
  for (const inside of readdirSync(join(repository, name), { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(repository, name, inside);
    if (!running.test(inside) || !statSync(path).isFile()) continue;
    archive.add(`openslot/${name}/${inside}`, { file: readFileSync(path) });
  }
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Packages that an installed openslot has with it, as they lie in node_modules. */
function dependencies(): readonly string[] {
  const found = new Set<string>();
  const follow = (folder: string) => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      const inside = join(repository, 'node_modules', name);
      // Optional ones are for other platforms, too.
      if (found.has(name) || statSync(inside, { throwIfNoEntry: false }) === undefined) continue;
      found.add(name);
      follow(inside);
    }
  };
  follow(repository);
  return [...found].sort();
}
