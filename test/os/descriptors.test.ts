/** Descriptors from another process, over a pair of sockets. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { openSocketPair, receiveDescriptor, sendDescriptor } from '../../src/os/index.js';

const python = spawnSync('python3', ['--version']).status === 0;

describe('a pair of sockets', () => {
  test('passes a descriptor, which is then closed on exec', { skip: python ? false : 'no python3' }, () => {
    const { own: ours, others: theirs } = openSocketPair('a test');
    const program = `
import os, socket
fd = os.memfd_create('memory')
os.write(fd, b'passed')
socket.send_fds(socket.socket(fileno=3), [b'x'], [fd])`;
    const child = spawnSync('python3', ['-c', program], { stdio: ['ignore', 'inherit', 'inherit', theirs] });
    assert.equal(child.status, 0);
    const fd = receiveDescriptor(ours);
    assert.ok(fd !== undefined);
    assert.equal(readFileSync(`/proc/self/fd/${fd}`, 'utf8'), 'passed');
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    assert.notEqual(Number.parseInt(flags ?? '0', 8) & 0o2000000, 0, 'O_CLOEXEC');
    for (const one of [fd, ours, theirs]) closeSync(one);
  });

  test('passes one that this process sends, and bytes without one', () => {
    using pair = openSocketPair('a test');
    const sent = openSync('/proc/self/status', 'r');
    sendDescriptor(pair.others, new Uint8Array([1]), sent);
    sendDescriptor(pair.others, new Uint8Array([2]), undefined);
    const fd = receiveDescriptor(pair.own);
    assert.ok(fd !== undefined && fd !== sent);
    assert.deepEqual(fstatSync(fd).ino, fstatSync(sent).ino);
    assert.equal(receiveDescriptor(pair.own), undefined);
    for (const one of [fd, sent]) closeSync(one);
  });

  test('has nothing to give while nothing was sent, nor after the other end is closed', () => {
    const { own: ours, others: theirs } = openSocketPair('a test');
    assert.equal(receiveDescriptor(ours), undefined);
    closeSync(theirs);
    assert.equal(receiveDescriptor(ours), undefined);
    closeSync(ours);
  });
});
