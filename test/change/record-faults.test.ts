/** Folders of records that nothing can be written to: each command says which, and everything is as before. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { FolderHost } from './folder-host.js';

const FILES = {
  'boot/boot.cfg': 'menu=Xen:load /netbsd-XEN3_DOM0.gz console=pc;multiboot /xen.gz\n',
  'boot/web.cfg': 'name = "web"\n',
  'boot/edu.yaml': 'policy: 1\nallow: []\n',
  'bindings.json': JSON.stringify({ '0000:01:00.0': { driver: 'vfio-pci' } }),
};

interface Writer {
  readonly words: readonly string[];
  /** Where it writes first. */
  readonly folder: (host: FolderHost) => string;
  /** What it says where nothing can be written there, and where the folder is none. */
  readonly unwritable: string;
  readonly noFolder: string;
}

const WRITERS: readonly Writer[] = [
  {
    words: ['name', '02:00.0', 'disk'],
    folder: ({ names }) => names,
    unwritable: 'NAMES_NOT_WRITTEN',
    noFolder: 'NAMES_UNREADABLE',
  },
  {
    words: ['policy', 'set', '01:00.0', 'boot/edu.yaml'],
    folder: ({ path }) => join(path, 'state/policies'),
    unwritable: 'POLICY_FILE',
    noFolder: 'POLICY_FILE',
  },
  {
    words: ['hide', '05:00.0', '--for', 'netbsd', '--file', 'boot/boot.cfg'],
    folder: ({ path }) => join(path, 'state/changes'),
    unwritable: 'CHANGE_NOT_KEPT',
    noFolder: 'CHANGE_UNREADABLE',
  },
  {
    words: ['attach', 'xl:boot/web.cfg', '01:00.0'],
    folder: ({ path }) => join(path, 'state/changes'),
    unwritable: 'CHANGE_NOT_KEPT',
    noFolder: 'CHANGE_UNREADABLE',
  },
  {
    words: ['adopt'],
    folder: ({ path }) => join(path, 'sim.changes'),
    unwritable: 'CHANGE_NOT_KEPT',
    noFolder: 'CHANGE_UNREADABLE',
  },
];

/** How the folder is spoiled, each for root as well. */
const SPOILS: Readonly<
  Record<string, { readonly noFolder: boolean; readonly spoil: (path: string) => void }>
> = {
  'takes no new file': {
    noFolder: false,
    spoil: (path) => {
      symlinkSync('/proc/self', path);
    },
  },
  'is a file': {
    noFolder: true,
    spoil: (path) => {
      writeFileSync(path, 'in the way');
    },
  },
  'is a link to itself': {
    noFolder: true,
    spoil: (path) => {
      symlinkSync(path, path);
    },
  },
};

function hostWith(files: Readonly<Record<string, string>>): FolderHost {
  const host = new FolderHost();
  for (const [name, text] of Object.entries(files)) host.write(name, text);
  return host;
}

for (const { words, folder, unwritable, noFolder } of WRITERS)
  describe(words.join(' '), () => {
    for (const [how, spoiled] of Object.entries(SPOILS))
      test(`its folder ${how}`, async () => {
        using host = hostWith(FILES);
        const path = folder(host);
        rmSync(path, { recursive: true, force: true });
        mkdirSync(dirname(path), { recursive: true });
        spoiled.spoil(path);
        const before = host.state();
        const { status, stderr } = await host.run(words);
        assert.equal(status, 1, stderr);
        assert.match(
          stderr,
          new RegExp(`^error ${spoiled.noFolder ? noFolder : unwritable}: .*${path}`, 'm'),
        );
        assert.deepEqual(host.state(), before);
      });

    test('a disk that takes nothing', async () => {
      using host = hostWith(FILES);
      const before = host.state();
      const { status, stderr } = await host.run(words, undefined, 'ulimit -f 0; exec "$0" "$@"');
      assert.equal(status, 1, stderr);
      assert.match(stderr, new RegExp(`^error (?:${unwritable}|STATE_DIRECTORY): .*EFBIG`, 'm'));
      assert.deepEqual(host.state(), before);
      assert.deepEqual(host.changes(), []);
    });
  });
