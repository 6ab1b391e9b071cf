/** The lab's Debian tree: hypervisor, kernel, QEMU and all that they need, of the host's own release. */
import { join } from 'node:path';
import { PrivateApt } from './apt.js';
import { prepareTree } from './debian-tree.js';
import { LabFailure, lastLines } from './failure.js';
import { runProgram } from './process.js';
import { step } from './progress.js';
import type { LabRoot } from './root.js';

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

/** The tree, prepared if it is not there yet. */
export function prepareRoot(cache: string): Promise<LabRoot> {
  return prepareTree({
    folder: join(cache, 'root'),
    preparation,
    wanted,
    apt: () => Promise.resolve(new PrivateApt(join(cache, 'apt'))),
    finish: (root) => step('module dependencies', () => indexModules(root)),
  });
}

/** depmod is what a package's installation would have run. */
async function indexModules(root: LabRoot): Promise<void> {
  const command = root.command('usr/bin/kmod', 'depmod');
  const ended = await runProgram([...command, '-b', root.path('usr'), root.kernelRelease]);
  if (ended.code !== 0) throw new LabFailure(`depmod failed: ${lastLines(ended.output, 5)}`);
}
