/** The house's arrows: which room may import which, that there is no circle, and what only one room may know. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url));

/** Rooms by folder, each with the rooms that it may know besides itself. */
const MAY_KNOW: Readonly<Record<string, readonly string[]>> = {
  pci: [],
  boot: ['pci'],
  durable: [],
  change: ['durable', 'pci'],
  lines: [],
  qmp: ['lines', 'pci'],
  os: ['pci'],
  ids: ['durable', 'pci'],
  function: ['pci'],
  'machines/counting-files': ['function', 'os'],
  'machines/linux': ['machines/counting-files', 'function', 'pci', 'os'],
  'machines/firmware': ['function', 'pci'],
  'machines/sim': ['durable', 'machines/firmware', 'function', 'pci'],
  'machines/qemu': ['machines/counting-files', 'machines/firmware', 'qmp', 'function', 'pci', 'os'],
  'machines/device-files': ['machines/counting-files', 'proto/abi', 'function', 'pci', 'os'],
  'machines/recording': ['durable', 'function', 'pci'],
  'machines/capture': ['durable', 'function', 'pci'],
  machines: [
    'machines/linux',
    'machines/device-files',
    'machines/recording',
    'machines/capture',
    'machines/sim',
    'machines/qemu',
    'durable',
    'function',
    'pci',
    'os',
  ],
  look: ['function', 'pci'],
  pool: ['change', 'durable', 'function', 'pci'],
  'proto/abi': [],
  proto: ['proto/abi', 'function', 'pci', 'os'],
  'xen/pciif': ['xen'],
  'xen/store': ['pci', 'xen'],
  xen: ['function', 'pci', 'xen/store'],
  'xen/native': ['durable', 'xen', 'xen/store', 'function', 'pci', 'os'],
  'xen/local': ['xen', 'xen/store', 'function', 'pci'],
  xpci: ['xen', 'xen/pciif', 'xen/store', 'function', 'pci'],
  guest: ['xpci', 'xen', 'xen/local', 'xen/store', 'pci'],
  pciback: ['durable', 'pool', 'xen', 'xen/pciif', 'xen/store', 'function', 'pci'],
  admin: [
    'boot',
    'change',
    'durable',
    'guest',
    'look',
    'pciback',
    'pool',
    'proto',
    'qmp',
    'xen',
    'xen/local',
    'xen/store',
    'xen/pciif',
    'function',
    'pci',
  ],
  'admin/doctor': ['boot', 'look', 'function', 'pci'],
  owner: ['lines', 'admin', 'change', 'durable', 'function', 'pci', 'os'],
  // Shows what a user can do, so it knows what a user knows: the package's exports.
  demo: [],
  cli: [
    'demo',
    'owner',
    'admin',
    'admin/doctor',
    'boot',
    'change',
    'durable',
    'ids',
    'look',
    'pciback',
    'pool',
    'proto',
    'machines',
    'machines/capture',
    'machines/linux',
    'machines/sim',
    'xen/native',
    'function',
    'pci',
  ],
};

function roomOf(file: string): string {
  const folder = dirname(file).split(sep).join('/');
  const room = Object.keys(MAY_KNOW)
    .filter((name) => folder === name || folder.startsWith(`${name}/`))
    .sort((a, b) => b.length - a.length)[0];
  assert.ok(room !== undefined, `${file} is in no room`);
  return room;
}

interface Import {
  readonly from: string;
  readonly target: string;
}

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
const imports: Import[] = files.flatMap((from) => {
  const text = readFileSync(join(SOURCE, from), 'utf8');
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, target = '']) => ({ from, target }));
});

describe('the house', () => {
  test('arrows run downwards only', () => {
    for (const { from, target } of imports) {
      if (!target.startsWith('.')) continue;
      const [own, other] = [roomOf(from), roomOf(normalize(join(dirname(from), target)))];
      assert.ok(
        own === other || MAY_KNOW[own]?.includes(other),
        `${from} imports ${target}: ${own} may not know ${other}`,
      );
    }
  });

  test('no arrow is allowed that nobody needs', () => {
    const needed = new Set(
      imports
        .filter(({ target }) => target.startsWith('.'))
        .map(({ from, target }) => `${roomOf(from)} -> ${roomOf(normalize(join(dirname(from), target)))}`),
    );
    const allowed = Object.entries(MAY_KNOW).flatMap(([room, others]) =>
      others.map((other) => `${room} -> ${other}`),
    );
    assert.deepEqual(
      allowed.filter((arrow) => !needed.has(arrow)),
      [],
    );
  });

  test('no room is in a circle', () => {
    const edges = new Map<string, Set<string>>();
    for (const { from, target } of imports) {
      if (!target.startsWith('.')) continue;
      const [own, other] = [roomOf(from), roomOf(normalize(join(dirname(from), target)))];
      // The folder `xen` holds the platform's interface and what its rooms share, one level below them.
      if (own !== other && own !== 'xen' && other !== 'xen')
        edges.set(own, (edges.get(own) ?? new Set()).add(other));
    }
    const visit = (room: string, path: readonly string[]) => {
      assert.ok(!path.includes(room), `circle: ${[...path, room].join(' -> ')}`);
      for (const next of edges.get(room) ?? []) visit(next, [...path, room]);
    };
    for (const room of edges.keys()) visit(room, []);
  });

  test('the vocabulary does no I/O, and only `os` knows koffi', () => {
    for (const { from, target } of imports) {
      const room = roomOf(from);
      if (['pci', 'boot', 'function', 'look', 'xen/pciif', 'admin/doctor'].includes(room)) {
        assert.ok(target.startsWith('.'), `${from} imports ${target}`);
      }
      if (target === 'koffi') assert.equal(room, 'os', from);
      if (['commander', 'picocolors'].includes(target)) assert.equal(room, 'cli', from);
    }
  });

  test('no folder is made by Node’s recursive mkdir, which has no end below /proc', () => {
    for (const file of files)
      assert.doesNotMatch(
        readFileSync(join(SOURCE, file), 'utf8'),
        /\bmkdir(?:Sync)?\([^;]*\brecursive\b/,
        `${file}: makeFolder of durable does it`,
      );
  });

  test('a guest’s worker loads neither the store’s server nor the hypervisor', () => {
    const loaded = new Set<string>();
    const load = (file: string) => {
      if (loaded.has(file)) return;
      loaded.add(file);
      const text = readFileSync(join(SOURCE, file), 'utf8').replaceAll(/^(im|ex)port type [^;]*;/gm, '');
      for (const [, target = ''] of text.matchAll(/from\s*'(\.[^']+)\.js'/g))
        load(normalize(join(dirname(file), `${target}.ts`)));
    };
    load(join('guest', 'entry.ts'));
    assert.ok(loaded.has(join('xpci', 'front-end.ts')), 'what it does load was followed');
    const foreign = [...loaded].filter(
      (file) =>
        file.startsWith(join('xen', 'store', 'server')) || file === join('xen', 'local', 'local-xen.ts'),
    );
    assert.deepEqual(foreign, [], 'each guest would load and keep them; import the parts by their own files');
  });

  test('every file says in its first lines what it is', () => {
    for (const file of files) {
      const text = readFileSync(join(SOURCE, file), 'utf8').replace(/^#!.*\n/, '');
      assert.ok(text.startsWith('/**'), `${file} does not begin with a sentence about itself`);
    }
  });
});
