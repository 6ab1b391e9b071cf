/** A Debian tree in the lab's cache: packages resolved, downloaded and unpacked, once. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { PrivateApt } from './apt.js';
import { LabFailure, lastLines } from './failure.js';
import { runProgram } from './process.js';
import { step, whileTelling } from './progress.js';
import { LabRoot } from './root.js';

/** All packages of the closure are unpacked, without what nobody reads in a lab. */
const leftOut = ['./usr/share/doc', './usr/share/man', './usr/share/locale', './usr/share/iso-codes'];

export interface TreePlan {
  readonly folder: string;
  /** Changed when a tree that an older version of the program made is no longer good. */
  readonly preparation: number;
  /** Names of packages; apt adds what they depend on. */
  readonly wanted: readonly string[];
  /** Where the packages come from; asked only when the tree has to be made. */
  readonly apt: () => Promise<PrivateApt>;
  /** What is done before the tree counts as made. */
  readonly finish?: (root: LabRoot, apt: PrivateApt) => Promise<void>;
}

interface Stamp {
  readonly code: string;
  readonly packages: readonly string[];
}

/** The tree, prepared if it is not there yet. @throws {LabFailure} */
export async function prepareTree({ folder, preparation, wanted, apt, finish }: TreePlan): Promise<LabRoot> {
  const code = createHash('sha256').update(JSON.stringify({ preparation, wanted, leftOut })).digest('hex');
  if (readStamp(folder)?.code === code) return new LabRoot(folder);

  if (process.arch !== 'x64')
    throw new LabFailure(`The lab needs an x86-64 host, this one is ${process.arch}.`);
  console.log(`Preparing ${folder} (once)`);
  const source = await apt();
  await source.update();
  const archives = await source.download(wanted);

  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  await unpack(archives, fresh);
  await finish?.(new LabRoot(fresh), source);
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
