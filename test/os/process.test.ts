/** Other processes: whether they are who they were, and copies of their memory. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import koffi from 'koffi';
import {
  ProcessHandle,
  processOf,
  readProcessMemory,
  SystemCallError,
  writeProcessMemory,
} from '../../src/os/index.js';

/** Sends the address of a page of its own, and, when it is told to, what the page begins with. */
const PEER = `
  import koffi from 'koffi';
  const page = new Uint8Array(new SharedArrayBuffer(8192)).fill(0x41);
  process.stdout.write(koffi.address(page) + '\\n');
  process.stdin.on('data', () => process.stdout.write(Buffer.from(page.subarray(0, 4)).toString() + '\\n'));
`;

test('memory is copied both ways, as a whole or not at all', async () => {
  const peer = spawn(process.execPath, ['--input-type=module', '-e', PEER], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const line = async () => String((await once(peer.stdout, 'data'))[0]).trim();
  const address = BigInt(await line());
  const { pid } = peer;
  assert.ok(pid !== undefined);
  const ours = new Uint8Array(new SharedArrayBuffer(8192));
  assert.equal(await readProcessMemory(pid, address, ours), true);
  assert.ok(ours.every((byte) => byte === 0x41));
  ours.fill(0x42);
  assert.equal(await writeProcessMemory(pid, address, ours), true);
  peer.stdin.write('?');
  assert.equal(await line(), 'BBBB');
  const many = Array.from({ length: 20 }, () => new Uint8Array(new SharedArrayBuffer(4)));
  const copied = await Promise.all(many.map((each) => readProcessMemory(pid, address, each)));
  assert.ok(copied.every(Boolean));
  assert.ok(
    many.every((each) => each.every((byte) => byte === 0x42)),
    'more than are made at a time wait',
  );
  assert.equal(await readProcessMemory(pid, 4096n, ours), false);
  assert.equal(await readProcessMemory(pid, 0xffff_8000_0000_0000n, ours), false);
  peer.kill();
  await once(peer, 'exit');
  assert.equal(await readProcessMemory(pid, address, ours), false, 'it is gone');
});

test('a handle is of one process, and of all its threads', async () => {
  const peer = spawn('sleep', ['60']);
  assert.ok(peer.pid !== undefined);
  const handle = new ProcessHandle(peer.pid);
  assert.deepEqual([handle.has(peer.pid), handle.has(process.pid)], [true, false]);
  const own = process.getuid?.() ?? 0;
  assert.equal(handle.signal(15, 0n, own + 1), false, 'it is not that user’s');
  assert.equal(handle.has(peer.pid), true);
  assert.equal(handle.signal(15, 0n, own), true);
  const [, signal] = (await once(peer, 'exit')) as [number | null, string];
  assert.equal(signal, 'SIGTERM');
  assert.deepEqual(
    [handle.has(peer.pid), handle.signal(15, 0n, 0), processOf(peer.pid)],
    [false, false, undefined],
  );
  assert.throws(() => new ProcessHandle(peer.pid ?? 0), SystemCallError);
  handle[Symbol.dispose]();
  handle[Symbol.dispose]();
  assert.equal(handle.signal(15, 0n, 0), false);
  const gettid = koffi.load('libc.so.6').func('int gettid()');
  assert.equal(processOf(Number(gettid())), process.pid);
});
