/** Device files of a function that VFIO gives, as `openslot proto mount` serves them. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { claimFor, EDU, loadModule } from './machine.js';

const DIRECTORY = '/dev/proto';
const FOLDER = `${DIRECTORY}/pci0:0:4:0`;

test('edu is read and written through its files, and lets go when the mount ends', async () => {
  loadModule('fuse');
  await claimFor('vfio', EDU);
  const mount = spawn(
    process.execPath,
    ['dist/src/command/main.js', 'proto', 'mount', DIRECTORY, String(EDU), '--json'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const said: string[] = [];
  mount.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString('utf8')));
  try {
    let ready = false;
    for await (const line of createInterface({ input: mount.stdout })) {
      said.push(line);
      ready = line.includes('"ready"');
      if (ready) break;
    }
    assert.ok(ready, said.join('\n'));
    const bytes = Buffer.alloc(4);
    // One access of 4 bytes: a longer one is refused.
    const config = openSync(`${FOLDER}/pcicfg`, 'r');
    assert.equal(readSync(config, bytes, 0, 4, 0), 4);
    assert.equal(bytes.readUInt32LE(0), 0x11e8_1234);
    closeSync(config);
    const registers = openSync(`${FOLDER}/10.mem`, 'r+');
    assert.equal(readSync(registers, bytes, 0, 4, 0), 4);
    assert.equal(bytes.readUInt32LE(0), 0x0100_00ed);
    bytes.writeUInt32LE(0x1234_5678);
    assert.equal(writeSync(registers, bytes, 0, 4, 4), 4);
    readSync(registers, bytes, 0, 4, 4);
    assert.equal(bytes.readUInt32LE(0), ~0x1234_5678 >>> 0);
    closeSync(registers);
    // The shell's way.
    const read = execFileSync('dd', [`if=${FOLDER}/10.mem`, 'bs=4', 'count=1'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    assert.equal(read.readUInt32LE(0), 0x0100_00ed);
  } finally {
    const ended = new Promise((resolve) => mount.once('exit', resolve));
    mount.kill('SIGTERM');
    assert.equal(await ended, 0, said.join('\n'));
  }
});
