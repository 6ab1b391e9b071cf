/** The wait that blocks, on a named pipe. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { waitReadable } from '../../src/os/index.js';

test('waits until there is something to read, and not before its time is over', () => {
  const folder = mkdtempSync(join(tmpdir(), 'openslot-readiness-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    const start = performance.now();
    assert.equal(waitReadable(fd, 30, path), false);
    assert.ok(performance.now() - start >= 29);
    assert.equal(waitReadable(fd, 0, path), false);
    writeSync(fd, 'x');
    // Level triggered, and a time past what the system call takes is no end.
    for (const milliseconds of [0, 1000, Infinity]) assert.equal(waitReadable(fd, milliseconds, path), true);
    readSync(fd, new Uint8Array(1));
    assert.equal(waitReadable(fd, 0, path), false);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});
