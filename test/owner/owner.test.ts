/** The owner's socket: the lock, the lines, and clients that misbehave. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { askOwner, OwnerSocket, type OwnerRequests } from '../../src/owner/index.js';
import { NotClaimedError } from '../../src/pool/index.js';
import { OpenslotError } from '../../src/pci/index.js';

const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openslot-owner-'));
  path = join(folder, 'run', 'linux.sock');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const requests: OwnerRequests = {
  pool: () => [{ address: '0000:00:08.0', state: 'free' }],
  claim: ({ addresses }) =>
    addresses.map((address) => ({ address, holder: 'pciback', formerDriver: 'nvme', quarantined: true })),
  release: ({ addresses }) => {
    for (const address of addresses) throw new NotClaimedError(address, 'nvme');
    return [];
  },
};

/** Unlike `once`, not failed by the error that comes before it. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.once('close', () => {
      resolve();
    });
  });
}

async function lineOf(socket: Socket): Promise<unknown> {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return JSON.parse(bytes.toString());
}

describe('the lock', () => {
  test('a path that no socket can have is refused, and never cut off to another one', async () => {
    const long = join(folder, 'd'.repeat(120), 'linux.sock');
    await assert.rejects(OwnerSocket.bind('linux', long), code('RUNTIME_DIRECTORY'));
    await using _other = await OwnerSocket.bind('linux', Buffer.from(long).toString('latin1', 0, 107));
    await assert.rejects(askOwner(long, 'pool', {}), code('OWNER_ABSENT'));
    const longest = join(folder, 'e'.repeat(107 - Buffer.byteLength(folder) - 1));
    await using _longest = await OwnerSocket.bind('linux', longest);
    assert.ok(existsSync(longest));
  });

  test('one owner; its end frees the machine; the socket is private', async () => {
    const first = await OwnerSocket.bind('linux', path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await assert.rejects(OwnerSocket.bind('linux', path), code('OWNER_RUNNING'));
    await first[Symbol.asyncDispose]();
    await (await OwnerSocket.bind('linux', path))[Symbol.asyncDispose]();
    assert.equal(existsSync(path), false);
  });

  test('a second simulated machine or QEMU is told where it can be', async () => {
    await using _first = await OwnerSocket.bind('qemu', path);
    await assert.rejects(OwnerSocket.bind('qemu', path), {
      code: 'OWNER_RUNNING',
      next: /OPENSLOT_RUNTIME_DIR=/,
    });
  });

  test('who waits for it is the next owner, however the present one ends', async () => {
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('owns'))`;
    for (const how of ['SIGKILL', 'SIGTERM'] as const) {
      mkdirSync(dirname(path), { recursive: true });
      const first = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(first.stdout, 'data');
      let waited: () => void = () => undefined;
      const waiting = new Promise<void>((resolve) => (waited = resolve));
      const next = OwnerSocket.bindAfter('linux', path, waited, new AbortController().signal);
      await waiting;
      first.kill(how);
      const owner = await next;
      await assert.rejects(OwnerSocket.bind('linux', path), code('OWNER_RUNNING'));
      await owner?.[Symbol.asyncDispose]();
    }
  });

  test('who waits for it can give up', async () => {
    await using _first = await OwnerSocket.bind('linux', path);
    const giving = new AbortController();
    const next = OwnerSocket.bindAfter(
      'linux',
      path,
      () => {
        giving.abort();
      },
      giving.signal,
    );
    assert.equal(await next, undefined);
  });

  test('a socket that a killed owner left is taken over, and so is any file', async () => {
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await (await OwnerSocket.bind('linux', path))[Symbol.asyncDispose]();
    spawnSync(process.execPath, ['-e', script]);
    assert.ok(existsSync(path));
    await (await OwnerSocket.bind('linux', path))[Symbol.asyncDispose]();
    writeFileSync(path, '');
    await (await OwnerSocket.bind('linux', path))[Symbol.asyncDispose]();
  });
});

describe('several at once', () => {
  for (const stale of [false, true]) {
    test(`of many that bind, one is the owner${stale ? ', also over a dead socket' : ''}`, async () => {
      if (stale) {
        await (await OwnerSocket.bind('linux', path))[Symbol.asyncDispose]();
        const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
        spawnSync(process.execPath, ['-e', script]);
      }
      const all = await Promise.allSettled(Array.from({ length: 8 }, () => OwnerSocket.bind('linux', path)));
      const owners = all.filter((one) => one.status === 'fulfilled');
      assert.equal(owners.length, 1);
      for (const one of all)
        if (one.status === 'rejected') assert.ok(code('OWNER_RUNNING')(one.reason), String(one.reason));
      owners[0]?.value.serve(requests);
      assert.equal((await askOwner(path, 'pool', {})).length, 1);
      await owners[0]?.value[Symbol.asyncDispose]();
    });
  }

  test('a command that is the owner for its own duration says so, and its end waits for nobody', async () => {
    const owner = await OwnerSocket.bind('linux', path);
    await assert.rejects(askOwner(path, 'pool', {}), (error: unknown) => {
      assert.ok(error instanceof OpenslotError && error.code === 'OWNER_BUSY');
      assert.equal(error.evidence['process'], process.pid, 'the holder is named');
      return true;
    });
    const waiting = connect(path);
    await once(waiting, 'connect');
    await owner[Symbol.asyncDispose]();
    waiting.destroy();
  });
});

describe('requests', () => {
  test('answers, and refusals with their own code and next step', async () => {
    await using owner = await OwnerSocket.bind('linux', path);
    owner.serve(requests);
    assert.deepEqual(await askOwner(path, 'pool', {}), [{ address: '0000:00:08.0', state: 'free' }]);
    assert.deepEqual(await askOwner(path, 'claim', { addresses: ['0000:00:08.0'] }), [
      { address: '0000:00:08.0', holder: 'pciback', formerDriver: 'nvme', quarantined: true },
    ]);
    await assert.rejects(
      askOwner(path, 'release', { addresses: ['0000:00:08.0'] }),
      code('FUNCTION_NOT_CLAIMED'),
    );
    await assert.rejects(askOwner(path, 'claim', { addresses: ['nonsense'] }), code('ADDRESS_MALFORMED'));
    await assert.rejects(askOwner(join(folder, 'nobody.sock'), 'pool', {}), code('OWNER_ABSENT'));
  });

  test('garbage is answered, and the owner lives', async () => {
    await using owner = await OwnerSocket.bind('linux', path);
    owner.serve(requests);
    const client = connect(path);
    for (const line of [
      '',
      'x',
      '[]',
      'null',
      '{"id":"a"}',
      '{"id":1,"request":"rm"}',
      '{"id":1,"request":"toString"}',
      '{"id":1,"request":"claim"}',
      '{"id":1,"request":"claim","parameters":{"address":8}}',
      '{"id":1,"request":"claim","parameters":[]}',
      '{"id":1,"request":"pool","parameters":{"address":"00:08.0"}}',
    ]) {
      client.write(`${line}\n`);
      const { error } = (await lineOf(client)) as { error: { code: string } };
      assert.equal(error.code, 'REQUEST_MALFORMED', line);
    }
    client.destroy();
    assert.equal((await askOwner(path, 'pool', {})).length, 1);
  });

  test('a line without an end is cut off, and a client that does not read is read no further', async () => {
    await using owner = await OwnerSocket.bind('linux', path);
    let asked = 0;
    owner.serve({
      ...requests,
      pool: () => {
        asked++;
        return Array.from({ length: 2000 }, () => ({ address: 'x', state: 'free' as const }));
      },
    });
    const endless = connect(path);
    endless.write('x'.repeat(200_000));
    await closed(endless);
    const deaf = connect(path);
    deaf.pause();
    for (let count = 0; count < 400; count++) deaf.write('{"id":1,"request":"pool"}\n');
    assert.equal((await askOwner(path, 'pool', {})).length, 2000);
    // As many as the kernel's buffers hold answers of 60 kB, and one more.
    assert.ok(asked < 100, `${asked} were answered`);
    let answers = 0;
    deaf.on('data', (data: Buffer) => (answers += data.filter((byte) => byte === 10).length));
    deaf.resume();
    while (answers < 400) await once(deaf, 'data');
    assert.equal(asked, 401);
    deaf.destroy();
  });
});
