/** The mount table as the kernel writes it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMountInfo } from '../../../src/proto/fuse/mount-table.js';

test('directories and types are read, whatever optional fields and blanks there are', () => {
  const text = [
    '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw',
    '23 22 0:21 / /mnt/a\\040b\\134c rw - tmpfs none rw',
    '24 22 0:40 / /dev/proto rw,nosuid,nodev,noexec shared:7 master:2 - fuse.openslot openslot rw,user_id=0',
    '',
  ].join('\n');
  assert.deepEqual(parseMountInfo(text), [
    { directory: '/', type: 'ext4' },
    { directory: '/mnt/a b\\c', type: 'tmpfs' },
    { directory: '/dev/proto', type: 'fuse.openslot' },
  ]);
});
