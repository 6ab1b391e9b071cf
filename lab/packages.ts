/** Prepares the lab's Debian tree: resolves, downloads and unpacks the packages, once. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PrivateApt } from './apt.js';
import { LabFailure, lastLines } from './failure.js';
import { runProgram } from './process.js';
import { step, whileTelling } from './progress.js';
import { LabRoot } from './root.js';

/** Changed when a tree that an older version of this file made is no longer good. */
const preparation = 1;

/** Names without versions: apt resolves hypervisor, kernel and all libraries, down to libc. */
const wanted = [
  'xen-system-amd64',
  'xenstore-utils',
  'linux-image-amd64',
  'qemu-system-x86',
  'busybox-static',
  'pciutils',
  'kmod',
  'xz-utils',
  'zstd',
  // What the node binary of this host is linked to.
  'libstdc++6',
  'libgcc-s1',
];

/** All packages of the closure are unpacked, without what nobody reads in a lab. */
const leftOut = ['./usr/share/doc', './usr/share/man', './usr/share/locale', './usr/share/iso-codes'];

interface Stamp {
  readonly code: string;
  readonly packages: readonly string[];
}

/** The tree, prepared if it is not there yet. */
export async function prepareRoot(cache: string): Promise<LabRoot> {
  const folder = join(cache, 'root');
  const code = createHash('sha256').update(JSON.stringify({ preparation, wanted, leftOut })).digest('hex');
  if (readStamp(folder)?.code === code) return new LabRoot(folder);

  if (process.arch !== 'x64')
    throw new LabFailure(`The lab needs an x86-64 host, this one is ${process.arch}.`);
  console.log(`Preparing the lab in ${cache} (once)`);
  const apt = new PrivateApt(join(cache, 'apt'));
  await apt.update();
  const archives = await apt.download(wanted);

  const fresh = join(cache, 'root.new');
  rmSync(fresh, { recursive: true, force: true });
  await unpack(archives, fresh);
  const root = new LabRoot(fresh);
  await step('module dependencies', () => indexModules(root));
  const stamp: Stamp = { code, packages: archives.map((path) => basename(path)) };
  writeFileSync(join(fresh, 'stamp.json'), JSON.stringify(stamp, undefined, 2));
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  return new LabRoot(folder);
}

function readStamp(folder: string): Stamp | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'stamp.json'), 'utf8')) as Stamp;
  } catch {
    return undefined;
  }
}

async function unpack(archives: readonly string[], folder: string): Promise<void> {
  // Debian's usr-merge: packages still ship /lib and /bin, and dom0 gets /usr alone.
  for (const name of ['bin', 'sbin', 'lib', 'lib32', 'lib64']) {
    mkdirSync(join(folder, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, join(folder, name));
  }
  const waiting = [...archives];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await unpackOne(next, folder);
  };
  const tell = () => `${archives.length - waiting.length} of ${archives.length}`;
  await step(`unpacking ${archives.length} packages`, () =>
    whileTelling(tell, Promise.all([worker(), worker()])),
  );
}

/** Owners and set-id bits are not taken over: the tree lies in a user's folder. */
async function unpackOne(archive: string, folder: string): Promise<void> {
  const tar = [
    'tar',
    '-x',
    '-C',
    folder,
    '--keep-directory-symlink',
    '--no-same-owner',
    '--no-same-permissions',
  ];
  const pipeline = `dpkg-deb --fsys-tarfile "$0" | "$@"`;
  const exclude = leftOut.map((path) => `--exclude=${path}`);
  const ended = await runProgram(['sh', '-c', pipeline, archive, ...tar, ...exclude]);
  if (ended.code !== 0)
    throw new LabFailure(`${archive} could not be unpacked: ${lastLines(ended.output, 5)}`);
}

/** depmod is what a package's installation would have run. */
async function indexModules(root: LabRoot): Promise<void> {
  const command = root.command('usr/bin/kmod', 'depmod');
  const ended = await runProgram([...command, '-b', root.path('usr'), root.kernelRelease]);
  if (ended.code !== 0) throw new LabFailure(`depmod failed: ${lastLines(ended.output, 5)}`);
}
