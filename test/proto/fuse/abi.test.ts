/** The protocol's numbers beside those of the C header, and messages by hand. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as abi from '../../../src/proto/fuse/abi.js';
import { FuseVersionError, negotiate } from '../../../src/proto/fuse/negotiation.js';
import { Reply } from '../../../src/proto/fuse/reply.js';
import { Request } from '../../../src/proto/fuse/request.js';

const HEADER = '/usr/include/linux/fuse.h';
const compiler = ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0);
const incomparable = compiler === undefined ? 'no C compiler' : !existsSync(HEADER) ? `no ${HEADER}` : false;

/** Expressions of C, and what we have for each. */
function expressions(): ReadonlyMap<string, number> {
  const { In, InHeader, OutHeader, Opcode, IN_HEADER } = abi;
  const pairs = new Map<string, number>();
  const field = (structure: string, name: string, word: number, before = 0) =>
    pairs.set(`offsetof(struct ${structure}, ${name})`, word * 4 - before);
  field('fuse_in_header', 'len', InHeader.length);
  field('fuse_in_header', 'opcode', InHeader.opcode);
  field('fuse_in_header', 'unique', InHeader.unique);
  field('fuse_in_header', 'nodeid', InHeader.node);
  field('fuse_in_header', 'uid', InHeader.uid);
  field('fuse_in_header', 'gid', InHeader.gid);
  field('fuse_in_header', 'pid', InHeader.pid);
  field('fuse_out_header', 'len', OutHeader.length);
  field('fuse_out_header', 'error', OutHeader.error);
  field('fuse_out_header', 'unique', OutHeader.unique);
  field('fuse_init_in', 'major', In.init.major, IN_HEADER);
  field('fuse_init_in', 'minor', In.init.minor, IN_HEADER);
  field('fuse_init_in', 'flags', In.init.flags, IN_HEADER);
  field('fuse_init_in', 'flags2', In.init.flags2, IN_HEADER);
  for (const structure of ['fuse_read_in', 'fuse_write_in']) {
    field(structure, 'fh', In.transfer.handle, IN_HEADER);
    field(structure, 'offset', In.transfer.offset, IN_HEADER);
    field(structure, 'size', In.transfer.size, IN_HEADER);
    field(structure, 'flags', In.transfer.flags, IN_HEADER);
  }
  field('fuse_release_in', 'fh', In.release.handle, IN_HEADER);
  field('fuse_forget_in', 'nlookup', In.forget.lookups, IN_HEADER);
  field('fuse_batch_forget_in', 'count', In.batchForget.count, IN_HEADER);
  field('fuse_setattr_in', 'valid', In.setattr.valid, IN_HEADER);
  field('fuse_interrupt_in', 'unique', In.interrupt.unique, IN_HEADER);
  field('fuse_ioctl_in', 'fh', In.ioctl.handle, IN_HEADER);
  field('fuse_ioctl_in', 'flags', In.ioctl.flags, IN_HEADER);
  field('fuse_ioctl_in', 'cmd', In.ioctl.command, IN_HEADER);
  field('fuse_ioctl_in', 'in_size', In.ioctl.inSize, IN_HEADER);
  field('fuse_ioctl_in', 'out_size', In.ioctl.outSize, IN_HEADER);
  field('fuse_poll_in', 'fh', In.poll.handle, IN_HEADER);
  field('fuse_poll_in', 'kh', In.poll.kernelHandle, IN_HEADER);
  field('fuse_poll_in', 'flags', In.poll.flags, IN_HEADER);
  pairs.set('sizeof(struct fuse_in_header)', IN_HEADER);
  pairs.set('sizeof(struct fuse_out_header)', abi.OUT_HEADER);
  pairs.set('sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in)', abi.WRITE_DATA);
  pairs.set('sizeof(struct fuse_in_header) + sizeof(struct fuse_ioctl_in)', abi.IOCTL_DATA);
  pairs.set('sizeof(struct fuse_ioctl_out)', abi.IOCTL_OUT);
  pairs.set('sizeof(struct fuse_in_header) + sizeof(struct fuse_batch_forget_in)', In.batchForget.first * 4);
  pairs.set('sizeof(struct fuse_forget_one)', In.batchForget.each * 4);
  // FUSE_BATCH_FORGET and so on: the names of the enumeration.
  for (const [name, value] of Object.entries(Opcode))
    pairs.set(`FUSE_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`, value);
  pairs.set('FUSE_NOTIFY_POLL', abi.Notify.poll);
  pairs.set('FUSE_ROOT_ID', abi.ROOT_NODE);
  pairs.set('FUSE_ATOMIC_O_TRUNC', abi.InitFlag.atomicTruncate);
  pairs.set('FUSE_BIG_WRITES', abi.InitFlag.bigWrites);
  pairs.set('FUSE_INIT_EXT', abi.InitFlag.extended);
  pairs.set('FOPEN_DIRECT_IO', abi.OpenFlag.directIo);
  pairs.set('FOPEN_NOFLUSH', abi.OpenFlag.noFlush);
  pairs.set('FATTR_MODE', abi.SetAttr.mode);
  pairs.set('FATTR_UID', abi.SetAttr.uid);
  pairs.set('FATTR_GID', abi.SetAttr.gid);
  pairs.set('FUSE_POLL_SCHEDULE_NOTIFY', abi.POLL_SCHEDULE_NOTIFY);
  pairs.set('FUSE_IOCTL_COMPAT', abi.IoctlFlag.compat);
  pairs.set('FUSE_IOCTL_DIR', abi.IoctlFlag.directory);
  pairs.set('O_NONBLOCK', abi.NON_BLOCKING);
  pairs.set('_IOC(_IOC_WRITE, FUSE_DEV_IOC_MAGIC, 1, 16)', abi.DeviceIoctl.backingOpen);
  pairs.set('_IOW(FUSE_DEV_IOC_MAGIC, 2, unsigned)', abi.DeviceIoctl.backingClose);
  return pairs;
}

test('every number is the C header’s', { skip: incomparable }, () => {
  const ours = expressions();
  const folder = mkdtempSync(join(tmpdir(), 'openslot-abi-'));
  try {
    const lines = [...ours.keys()].map((expression) => `printf("%lu\\n", (unsigned long)(${expression}));`);
    const includes = ['stddef.h', 'stdio.h', 'fcntl.h', 'sys/ioctl.h', 'linux/fuse.h'];
    const source = [...includes.map((file) => `#include <${file}>`), 'int main(void) {', ...lines, '}'].join(
      '\n',
    );
    writeFileSync(join(folder, 'abi.c'), source);
    const program = join(folder, 'abi');
    const compiled = spawnSync(compiler ?? '', ['-o', program, join(folder, 'abi.c')], { encoding: 'utf8' });
    assert.equal(compiled.status, 0, compiled.stderr);
    const printed = spawnSync(program, { encoding: 'utf8' }).stdout.trim().split('\n');
    assert.deepEqual(
      Object.fromEntries([...ours.keys()].map((expression, at) => [expression, Number(printed[at])])),
      Object.fromEntries(ours),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('messages by hand', () => {
  /** INIT of a kernel. */
  function init(major: number, minor: number, flags: number, flags2: number): Request {
    const request = new Request(256);
    new Uint32Array(request.bytes.buffer).set([
      104,
      abi.Opcode.init,
      2,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      major,
      minor,
      0,
      flags,
      flags2,
    ]);
    return request;
  }

  test('INIT asks for nothing that the kernel did not offer', () => {
    const reply = new Reply(1024);
    const everything = negotiate(init(7, 45, 0xffff_ffff, 0xffff_ffff), reply);
    assert.deepEqual(everything, { length: 64, agreement: { passthrough: true } });
    const view = new DataView(reply.bytes.buffer, abi.OUT_HEADER);
    assert.deepEqual([view.getUint32(0, true), view.getUint32(4, true)], [7, abi.VERSION.minor]);
    assert.deepEqual([view.getUint32(32, true), view.getUint32(36, true)], [1 << 5, 1]);
    const old = negotiate(init(7, 31, abi.InitFlag.bigWrites, 0xffff_ffff), reply);
    assert.deepEqual(old.agreement, { passthrough: false });
    assert.equal(view.getUint32(4, true), 31);
    assert.equal(view.getUint32(12, true), abi.InitFlag.bigWrites);
    assert.deepEqual([view.getUint32(32, true), view.getUint32(36, true)], [0, 0]);
  });

  test('INIT of a later protocol is asked for ours, and one of an earlier refused', () => {
    const reply = new Reply(1024);
    assert.equal(negotiate(init(8, 0, 0, 0), reply).agreement, undefined);
    assert.throws(() => negotiate(init(7, abi.OLDEST_MINOR - 1, 0, 0), reply), FuseVersionError);
    assert.throws(() => negotiate(init(6, 40, 0, 0), reply), FuseVersionError);
  });

  test('a directory entry that does not fit is left for the next piece', () => {
    const reply = new Reply(1024);
    assert.equal(reply.dirent(0, 40, 2, 1, 0o100000, 'pcicfg'), 32);
    assert.equal(reply.dirent(32, 40, 3, 2, 0o100000, '10.mem'), undefined);
    const view = new DataView(reply.bytes.buffer, abi.OUT_HEADER);
    assert.deepEqual(
      [view.getUint32(0, true), view.getUint32(8, true), view.getUint32(16, true), view.getUint32(20, true)],
      [2, 1, 6, 8],
    );
  });

  test('numbers of 64 bits go through as two halves', () => {
    const reply = new Reply(64);
    reply.set64(0, 0x1_2345_6789);
    const view = new DataView(reply.bytes.buffer, abi.OUT_HEADER);
    assert.equal(view.getBigUint64(0, true), 0x1_2345_6789n);
    const request = new Request(64);
    new DataView(request.bytes.buffer).setBigUint64(16, 0x1_2345_6789n, true);
    assert.equal(request.node, 0x1_2345_6789);
  });
});
