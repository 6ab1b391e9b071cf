/** Files of the boot and of guests on disks that are full or cannot be written: told, and nothing is lost. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { FolderHost } from './folder-host.js';

const COMMENTS = '# what an administrator has written here is kept as it is\n'.repeat(100);

/** Two pages each, so that the disk can be full for the copy, or for the new file behind it. */
const CASES: Readonly<Record<string, { readonly text: string; readonly words: readonly string[] }>> = {
  'boot.cfg': {
    text: `${COMMENTS}menu=Xen:load /netbsd-XEN3_DOM0.gz console=pc;multiboot /xen.gz\n`,
    words: ['hide', '05:00.0', '--for', 'netbsd', '--file', 'disk/boot.cfg'],
  },
  'web.cfg': {
    text: `${COMMENTS}name = "web"\npci = [ "0b:00.0" ]\n`,
    words: ['attach', 'xl:disk/web.cfg', '01:00.0@5'],
  },
};
const DISKS = [
  { disk: 'full for the copy', size: 12, options: 'rw', errno: 'ENOSPC' },
  { disk: 'full for the new file', size: 20, options: 'rw', errno: 'ENOSPC' },
  { disk: 'read-only', size: 64, options: 'ro', errno: 'EROFS' },
] as const;

/** Mounts are of the command's own namespace, and end with it. */
const NAMESPACE = ['-r', '-m'];
const SKIP =
  spawnSync('unshare', [...NAMESPACE, 'mount', '-t', 'tmpfs', 'none', '/mnt']).status !== 0 &&
  'no namespace in which a file system can be mounted';

describe('a file is as it was', { skip: SKIP }, () => {
  for (const [name, { text, words }] of Object.entries(CASES))
    for (const { disk, size, options, errno } of DISKS)
      test(`${words[0] ?? ''} on a disk that is ${disk}`, async () => {
        using host = new FolderHost();
        host.write(name, text);
        host.write('disk/empty', '');
        const script = `mount -t tmpfs -o size=${size}k none disk && cp ${name} disk && mount -o remount,${options} disk || exit 99
          "$0" "$@" > told; code=$?; ls -A disk; cat disk/${name}; exit $code`;
        const shell = `exec unshare ${NAMESPACE.join(' ')} sh -c '${script}' "$0" "$@"`;
        const { status, stdout, stderr } = await host.run(words, undefined, shell);
        assert.equal(status, 1, stderr);
        assert.match(
          stderr,
          new RegExp(`^error FILE_NOT_WRITTEN: .*disk/${name} cannot be written: ${errno}`, 'm'),
        );
        assert.match(stderr, /^next {2}m(?:ake room on|ount) the file system of /m);
        assert.equal(stdout, `${name}\n${text}`, 'the old file, and nothing beside it');
        assert.deepEqual(host.changes(), []);
      });
});
