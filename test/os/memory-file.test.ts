/** Files of memory: shared with whoever maps them, zero when they are given back, harmless to who still looks at them. */
import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { mapFile, MemoryFile, PAGE_SIZE, SystemCallError } from '../../src/os/index.js';

const OFFSET = 0x10_0000;

test('pages are the same for all who map them, and zero again once they are given back', () => {
  const file = new MemoryFile('a test');
  assert.match(readlinkSync(`/proc/self/fd/${file.fd}`), /memfd:a test/);
  const mine = file.map(OFFSET, 2 * PAGE_SIZE);
  const theirs = mapFile(file.fd, OFFSET, 2 * PAGE_SIZE, 'the same');
  const seen = new Uint8Array(theirs.buffer);
  mine.bytes[0] = 1;
  seen[2 * PAGE_SIZE - 1] = 2;
  assert.deepEqual([seen[0], mine.bytes[2 * PAGE_SIZE - 1]], [1, 2]);
  mine.free();
  mine.free();
  assert.deepEqual([seen[0], seen[2 * PAGE_SIZE - 1]], [0, 0]);
  mine.bytes[0] = 3;
  assert.equal(seen[0], 0, 'what was given back reaches nobody');
  const again = file.map(OFFSET, PAGE_SIZE);
  assert.equal(again.bytes[0], 0);
  again.bytes[0] = 4;
  assert.equal(seen[0], 4);
  again.free();
  theirs.close();
  file.close();
});

test('pages come and go without end', () => {
  const file = new MemoryFile('many');
  for (let round = 0; round < 5000; round++) {
    const pages = file.map(OFFSET + (round % 16) * PAGE_SIZE, PAGE_SIZE);
    assert.equal(pages.bytes[1], 0);
    pages.bytes[1] = 1;
    pages.free();
  }
  file.close();
});

test('more than a view can hold is refused, where the engine would end the process, and the file goes on', () => {
  const file = new MemoryFile('large');
  for (const length of [2 ** 32, 2 ** 46]) {
    assert.throws(
      () => file.map(OFFSET, length),
      (error) => error instanceof SystemCallError && error.errno === 'ENOMEM',
    );
  }
  assert.throws(() => file.map(2 ** 53 - PAGE_SIZE, 2 * PAGE_SIZE), SystemCallError);
  const pages = file.map(OFFSET, PAGE_SIZE);
  pages.bytes[0] = 1;
  pages.free();
  file.close();
});
