/** Disks that are full or cannot be written, two commands at once, and what is said of them: the host is as before. */
import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { machineFiles, OwnerSocket } from '../../src/owner/index.js';
import { FolderHost, succeed } from './folder-host.js';

const CLAIM = ['claim', '--for', 'vfio', '01:00.0', '02:00.0', '00:03.0'];

/** More than the plan of the claim and all that is written besides; in blocks of sh's `ulimit -f`. */
const MOST_BLOCKS = 32;

test('a disk that is full at any size: the claim is whole, or the host is as before', async () => {
  using before = new FolderHost();
  using after = new FolderHost();
  await succeed(after, CLAIM);
  const codes: string[] = [];
  for (let blocks = 0; blocks <= MOST_BLOCKS && codes.at(-1) !== 'done'; blocks += 2) {
    using host = new FolderHost();
    const { status, stderr } = await host.run(CLAIM, undefined, `ulimit -f ${blocks}; exec "$0" "$@"`);
    const code = /^error ([A-Z_]+)/m.exec(stderr)?.[1] ?? 'done';
    codes.push(code);
    // What could not be undone without room is, when there is some.
    if (code === 'ROLLBACK_FAILED') assert.deepEqual(await host.recover(false), ['undone']);
    assert.deepEqual(host.changes(), [], stderr);
    assert.deepEqual(host.state(), (status === 0 ? after : before).state(), `${blocks}: ${stderr}`);
  }
  assert.equal(codes[0], 'CHANGE_NOT_KEPT');
  assert.equal(codes.at(-1), 'done', codes.join(' '));
});

test('a journal that takes nothing: nothing is changed, and the folder is named', async () => {
  using host = new FolderHost();
  // A folder in which nobody can make a file, root neither.
  symlinkSync('/proc/self', machineFiles(host.on).changes);
  const before = host.state();
  const { status, stderr } = await host.run(CLAIM);
  assert.equal(status, 1);
  assert.match(stderr, /^error CHANGE_NOT_KEPT: .*sim\.changes \([A-Z]+\), so it is not made/m);
  assert.deepEqual(host.state(), before);
});

test('a journal that cannot be read: nothing is changed before somebody has looked', async () => {
  using host = new FolderHost();
  writeFileSync(machineFiles(host.on).changes, 'in the way');
  const before = host.state();
  const { status, stderr } = await host.run(CLAIM);
  assert.equal(status, 1);
  assert.match(stderr, /^error CHANGE_UNREADABLE: .*sim\.changes: ENOTDIR/m);
  assert.deepEqual(host.state(), before);
});

test('of two at once the second one is told who the first one is', async () => {
  using host = new FolderHost();
  await using _owner = await OwnerSocket.bind(host.on, machineFiles(host.on).socket);
  const { status, stderr } = await host.run(CLAIM);
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`^error OWNER_BUSY: .*process ${process.pid}, openslot`, 'm'));
});

test('what a killed command has left is told, and nothing about it is changed before it is settled', async () => {
  using host = new FolderHost();
  await host.run(CLAIM, { of: 'mutation', before: 3 });
  const { stdout } = await host.run(['recover', '--dry-run']);
  assert.match(stdout, /^claim --for vfio .* begun by process \d+ at /);
  assert.match(stdout, /^ {2}begun {2}unbind 0000:01:00\.0 from edu {3}undo: bind it to edu again$/m);
  assert.match(stdout, /^ {9}unbind 0000:02:00\.0 from nvme$/m);
  for (const words of [
    ['claim', '02:00.0'],
    ['release', '01:00.0'],
  ])
    assert.match(
      (await host.run(words)).stderr,
      /^error CHANGE_UNFINISHED: .*\nnext {2}take it back: openslot recover/m,
    );
  // Something else is nobody's business.
  await succeed(host, ['claim', '00:03.1']);
  const { stdout: told } = await host.run(['recover']);
  assert.equal(told, 'undone    claim --for vfio 0000:01:00.0 0000:02:00.0 0000:00:03.0\n');
  assert.equal((await host.run(['recover'])).stdout, 'nothing is unfinished\n');
});

test('a host whose files are not what openslot writes is refused by name', async () => {
  using host = new FolderHost();
  writeFileSync(join(host.path, 'bindings.json'), '{"0000:01:00.0": 7}');
  assert.match((await host.run(['list'])).stderr, /^error MACHINE_FOLDER: .*bindings\.json/m);
});

test('recover removes what killed commands were writing, and nothing else', async () => {
  using host = new FolderHost();
  await succeed(host, ['name', '02:00.0', 'disk']);
  const before = host.state();
  // No process has this number.
  const left = 'openslot-next-4194305';
  for (const folder of [
    'state/changes',
    'state/policies',
    relative(host.path, host.names),
    '.',
    'sim.changes',
  ])
    host.write(join(folder, left), 'half');
  assert.notDeepEqual(host.state(), before);
  await succeed(host, ['recover']);
  assert.deepEqual(host.state(), before);
});
