/** The session and the kernel, by a file whose reads wait: answers that come later, poll(2), signals, ioctl, faults, ends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  FileError,
  type Caller,
  type DeviceFile,
  type OpenFile,
  type PendingRead,
} from '../../../src/proto/index.js';
import { FuseMount, FuseSession } from '../../../src/proto/fuse/index.js';
import { until } from '../../until.js';
import { Client, MountDirectory, unmountable } from '../mounting.js';

/** A file whose read waits until it is rung. */
class Bell implements DeviceFile, OpenFile {
  readonly name = 'bell';
  readonly size = 0;
  readonly callers: Caller[] = [];
  readonly waiting: PendingRead[] = [];
  gone = 0;
  released = 0;
  #rung = 0;
  #wake: () => void = () => undefined;

  open(caller: Caller): OpenFile {
    this.callers.push(caller);
    return this;
  }

  get readable(): boolean {
    return this.#rung > 0;
  }

  onReadable(wake: () => void): void {
    this.#wake = wake;
  }

  /** @returns whether a waiting read took it. */
  ring(): boolean {
    const taken = this.waiting.shift()?.answer(Buffer.from('one!')) ?? false;
    if (!taken) this.#rung++;
    this.#wake();
    return taken;
  }

  read(_offset: number, into: Uint8Array, pending: PendingRead, nonBlocking: boolean): number | 'later' {
    if (into.length !== 4) throw new FileError('EINVAL', 'four bytes');
    if (this.#rung > 0) {
      this.#rung--;
      into.set(Buffer.from('kept'));
      return 4;
    }
    if (nonBlocking) throw new FileError('EAGAIN', 'nobody rang');
    this.waiting.push(pending);
    pending.onGone(() => {
      this.gone++;
      this.waiting.splice(this.waiting.indexOf(pending), 1);
    });
    return 'later';
  }

  write(_offset: number, from: Uint8Array): number {
    if (from[0] === 0xff) throw new TypeError('a fault of the file');
    return from.length;
  }

  ioctl(request: number, argument: Uint8Array): number {
    if (request >>> 30 === 1) assert.deepEqual([...argument], [1, 2, 3, 4], '_IOW: what the caller gave');
    argument.forEach((byte, at) => (argument[at] = byte ^ 0xff));
    return 7;
  }

  release(): void {
    this.released++;
  }
}

class Served implements AsyncDisposable {
  readonly bell = new Bell();
  readonly faults: unknown[] = [];
  readonly session: FuseSession;
  readonly #mount: FuseMount;
  readonly #directory: MountDirectory;
  ended = 0;

  private constructor(directory: MountDirectory, mount: FuseMount) {
    this.#directory = directory;
    this.#mount = mount;
    const folder = { name: 'folder', files: [this.bell] };
    this.session = new FuseSession({
      fd: mount.fd,
      folders: { list: () => [folder], find: (name) => (name === folder.name ? folder : undefined) },
      ownership: { uid: 0, gid: 0, fileMode: 0o600, folderMode: 0o500 },
      onEnd: () => this.ended++,
      onFault: (error) => this.faults.push(error),
    });
  }

  static async make(): Promise<Served> {
    const directory = new MountDirectory();
    return new Served(directory, await FuseMount.make(directory.path, { uid: 0, gid: 0, allowOther: false }));
  }

  get path(): string {
    return join(this.#mount.directory, 'folder', 'bell');
  }

  async end(): Promise<void> {
    await this.#mount.unmount(this.ended > 0);
    this.session[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    this.#directory[Symbol.dispose]();
    assert.equal(this.ended, 1);
  }
}

const BELL_READ = { call: 'read', length: 4, offset: 0 } as const;

describe('a session', { skip: unmountable }, () => {
  test('answers a read when there is something, and serves others meanwhile', async () => {
    await using served = await Served.make();
    await using client = new Client();
    await using other = new Client();
    const fd = await client.open(served.path);
    const waiting = client.value({ ...BELL_READ, fd });
    await until(() => served.bell.waiting.length === 1);
    const second = await other.open(served.path);
    assert.equal(await other.value({ call: 'write', fd: second, data: '0102', offset: 0 }), 2);
    assert.equal(served.bell.ring(), true);
    assert.equal(await waiting, Buffer.from('one!').toString('hex'));
    assert.deepEqual(
      served.bell.callers.map(({ pid, uid }) => [pid, uid]),
      [
        [client.pid, process.getuid?.()],
        [other.pid, process.getuid?.()],
      ],
    );
  });

  test('tells a file that its caller does not wait', async () => {
    await using served = await Served.make();
    await using client = new Client();
    const fd = await client.open(served.path, constants.O_RDONLY | constants.O_NONBLOCK);
    assert.equal(await client.errno({ ...BELL_READ, fd }), 'EAGAIN');
    served.bell.ring();
    assert.equal(await client.read(fd, 0, 4), Buffer.from('kept').toString('hex'));
  });

  test('wakes poll(2), each time', async () => {
    await using served = await Served.make();
    await using client = new Client();
    const fd = await client.open(served.path);
    assert.equal(await client.value({ call: 'poll', fd, milliseconds: 0 }), false);
    for (let turn = 0; turn < 3; turn++) {
      const woken = client.value({ call: 'poll', fd, milliseconds: 60_000 });
      served.bell.ring();
      assert.equal(await woken, true);
      await client.read(fd, 0, 4);
    }
    assert.equal(await client.value({ call: 'poll', fd, milliseconds: 0 }), false);
  });

  test('ends a read whose caller got a signal, and takes nothing from the file', async () => {
    await using served = await Served.make();
    await using client = new Client();
    const fd = await client.open(served.path);
    const interrupted = client.errno({ ...BELL_READ, fd });
    await until(() => served.bell.waiting.length === 1);
    const [pending] = served.bell.waiting;
    client.child.kill('SIGUSR2');
    assert.equal(await interrupted, 'EINTR');
    assert.equal(served.bell.gone, 1);
    assert.equal(pending?.answer(Buffer.from('late')), false);
    served.bell.ring();
    assert.equal(await client.read(fd, 0, 4), Buffer.from('kept').toString('hex'));
  });

  test('ends a read whose caller is killed, and then its open', async () => {
    await using served = await Served.make();
    await using client = new Client();
    const fd = await client.open(served.path);
    client.child.stdin.write(`${JSON.stringify({ ...BELL_READ, fd })}\n`);
    await until(() => served.bell.waiting.length === 1);
    client.child.kill('SIGKILL');
    await until(() => served.bell.released === 1);
    assert.equal(served.bell.gone, 1);
    assert.equal(served.session.openFiles, 0);
  });

  test('ends reads that wait, and every open, when it is unmounted', async () => {
    await using served = await Served.make();
    await using client = new Client();
    const fd = await client.open(served.path);
    const waiting = client.errno({ ...BELL_READ, fd });
    await until(() => served.bell.waiting.length === 1);
    await served.end();
    assert.equal(await waiting, 'ECONNABORTED');
    assert.deepEqual([served.bell.gone, served.bell.released, served.ended], [1, 1, 1]);
  });

  test('passes ioctl’s argument both ways, as its number says', async () => {
    await using served = await Served.make();
    await using client = new Client();
    const fd = await client.open(served.path);
    for (const [direction, out] of [
      [3, 'fefdfcfb'],
      [2, 'ffffffff'],
      [1, '01020304'],
      [0, '01020304'],
    ] as const) {
      const request = ((direction << 30) | ((direction === 0 ? 0 : 4) << 16) | (0x68 << 8) | 9) >>> 0;
      const given = await client.value({ call: 'ioctl', fd, request, argument: '01020304' });
      assert.deepEqual(given, { result: 7, argument: out }, `direction ${direction}`);
    }
  });

  test('answers EIO for a fault of a file, tells of it, and goes on', async () => {
    await using served = await Served.make();
    await using client = new Client();
    const fd = await client.open(served.path);
    assert.equal(await client.errno({ call: 'write', fd, data: 'ff', offset: 0 }), 'EIO');
    assert.equal(await client.value({ call: 'write', fd, data: '00', offset: 0 }), 1);
    assert.match(String(served.faults), /a fault of the file/);
  });

  test('serves a caller that is gone and come back many times, and keeps nothing', async () => {
    await using served = await Served.make();
    await using client = new Client();
    for (let turn = 0; turn < 200; turn++) {
      const fd = await client.open(served.path);
      await client.value({ call: 'close', fd });
    }
    await until(() => served.session.openFiles === 0);
    assert.equal(served.bell.released, 200);
  });

  test('ends by a client that closes while it is unmounted, once', async () => {
    await using served = await Served.make();
    await using client = new Client();
    const fd = await client.open(served.path);
    const closing = client.outcome({ call: 'close', fd });
    await Promise.all([served.end(), closing]);
    client.child.kill('SIGKILL');
    await once(client.child, 'exit');
    assert.equal(served.bell.released, 1);
  });
});
