/** The XenStore client against the real C xenstored, over its socket: run as root in dom0 of the lab by `node --test`. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { domainId } from '../../src/xen/domain.js';
import {
  connectSocket,
  decodeText,
  encodeMessage,
  encodeStrings,
  formatPermissions,
  joinPath,
  MAX_ABSOLUTE_PATH,
  MessageDecoder,
  MessageType,
  openSocket,
  XenStoreRefusedError,
} from '../../src/xen/store/index.js';
import type { Message, XenStore, XenStoreClient } from '../../src/xen/store/index.js';
import { until } from '../until.js';
import { escapeValue } from '../xen/store/tree-text.js';

/** Everything that these tests write stands below it. */
const TOP = '/openslot-lab';
const CHILDREN = 1500;

const run = promisify(execFile);

/** What one of Xen's own tools prints, byte for byte. */
async function tool(name: string, ...parameters: readonly string[]): Promise<string> {
  const { stdout } = await run(name, parameters, { encoding: 'latin1', maxBuffer: 1 << 26 });
  return stdout;
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** The whole tree as `xenstore-ls -fp` prints it. A node that vanishes meanwhile is left out. */
async function tree(store: XenStore, path = '/'): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await store.list(path)) ?? []) {
    const child = joinPath(path, name);
    const [value, permissions] = await Promise.all([store.read(child), store.permissions(child)]);
    if (value === undefined || permissions === undefined) continue;
    found.push(
      `${child} = "${escapeValue(value)}"   (${formatPermissions(permissions)})`,
      ...(await tree(store, child)),
    );
  }
  return found;
}

/** One request without the client's own checks, on a connection of its own. */
async function raw(type: number, payload: Uint8Array, transactionId = 0): Promise<Message> {
  const transport = await openSocket();
  try {
    return await new Promise((resolve, reject) => {
      const decoder = new MessageDecoder();
      transport.start({
        data: (bytes) => {
          decoder.push(bytes, resolve);
        },
        end: () => {
          reject(new Error('the connection ended without an answer'));
        },
      });
      transport.send(encodeMessage({ type, requestId: 77, transactionId, payload }));
    });
  } finally {
    transport.close();
  }
}

function strings(...texts: readonly string[]): Uint8Array {
  const bytes = encodeStrings(...texts);
  assert.ok(bytes);
  return bytes;
}

describe('XenStore of the lab', () => {
  let one: XenStoreClient;
  let two: XenStoreClient;

  before(async () => {
    one = await connectSocket();
    two = await connectSocket();
    await one.remove(TOP);
    await one.mkdir(TOP);
  });

  after(async () => {
    await one.remove(TOP);
    await one.close();
    await two.close();
    assert.equal(await one.closed, undefined);
  });

  it('shows the same tree as xenstore-ls -fp', async (t) => {
    await one.write(`${TOP}/text`, 'tab\there, "quotes" and \\ backslash');
    await one.write(`${TOP}/shared/below`, '1');
    await one.setPermissions(`${TOP}/shared/below`, [
      { access: 'none', domain: domainId(0) },
      { access: 'read', domain: domainId(1) },
      { access: 'both', domain: domainId(2) },
    ]);
    // The daemons of dom0 may write meanwhile: compare with a listing that was the same before and after ours.
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const earlier = await tool('xenstore-ls', '-fp');
      const ours = await tree(one);
      if ((await tool('xenstore-ls', '-fp')) !== earlier) continue;
      assert.deepEqual(ours, lines(earlier));
      t.diagnostic(`${ours.length} nodes are the same`);
      return;
    }
    assert.fail('the tree never stood still');
  });

  it('reads and lists what xenstore-read and xenstore-list do, and they what it writes', async () => {
    await one.write(`${TOP}/value`, 'hello world');
    assert.equal(await tool('xenstore-read', `${TOP}/value`), 'hello world\n');
    await tool('xenstore-write', `${TOP}/list/a`, 'from the tool', `${TOP}/list/b`, '');
    assert.equal(await one.read(`${TOP}/list/a`), 'from the tool');
    assert.equal(await one.read(`${TOP}/list/b`), '');
    for (const path of ['/', '/local/domain/0', TOP]) {
      assert.deepEqual(await one.list(path), lines(await tool('xenstore-list', path)));
    }
    assert.equal(await one.read('/local/domain/0/domid'), '0');
    assert.equal(await one.domainPath(domainId(0)), '/local/domain/0');
    assert.equal(await one.isIntroduced(domainId(0)), true);
    assert.equal(await one.isIntroduced(domainId(0x7000)), false);
  });

  it('keeps every byte of a value', async () => {
    const value = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
    await one.write(`${TOP}/bytes`, value);
    assert.equal(await two.read(`${TOP}/bytes`), value);
  });

  it('tells what was there from what was not', async () => {
    await one.write(`${TOP}/gone/below`, '');
    assert.equal(await one.remove(`${TOP}/gone`), true);
    assert.equal(await one.remove(`${TOP}/gone`), false);
    assert.equal(await one.remove(`${TOP}/no/such/parent`), false);
    assert.equal(await one.read(`${TOP}/gone/below`), undefined);
    assert.equal(await one.list(`${TOP}/gone`), undefined);
    assert.equal(await one.permissions(`${TOP}/gone`), undefined);
  });

  it('answers many requests at once', async () => {
    const count = 500;
    const paths = Array.from({ length: count }, (_, index) => `${TOP}/many/${index}`);
    await Promise.all(paths.map((path, index) => one.write(path, String(index))));
    assert.deepEqual(
      await Promise.all(paths.map((path) => two.read(path))),
      [...Array(count).keys()].map(String),
    );
  });

  it('lists a node with 1500 children, also inside a transaction', async () => {
    const names = Array.from({ length: CHILDREN }, (_, index) => `child-${String(index).padStart(4, '0')}`);
    await Promise.all(names.map((name) => one.write(`${TOP}/wide/${name}`, '')));
    const whole = await raw(MessageType.DIRECTORY, strings(`${TOP}/wide`));
    assert.deepEqual([whole.type, decodeText(whole.payload)], [MessageType.ERROR, 'E2BIG\0']);
    const listed = await two.list(`${TOP}/wide`);
    assert.deepEqual([...(listed ?? [])].sort(), names);
    assert.deepEqual(listed, lines(await tool('xenstore-list', `${TOP}/wide`)));
    assert.equal((await two.transaction((tx) => tx.list(`${TOP}/wide`)))?.length, CHILDREN);
    assert.equal(await one.remove(`${TOP}/wide`), true);
  });

  it('runs a transaction again after a conflict', async () => {
    await one.write(`${TOP}/count`, '5');
    const seen: (string | undefined)[] = [];
    await one.transaction(async (tx) => {
      const value = await tx.read(`${TOP}/count`);
      seen.push(value);
      if (seen.length === 1) await two.write(`${TOP}/count`, '10');
      await tx.write(`${TOP}/count`, String(Number(value) + 1));
    });
    assert.deepEqual(seen, ['5', '10']);
    assert.equal(await two.read(`${TOP}/count`), '11');
  });

  it('loses no increment of two connections', async (t) => {
    const rounds = 50;
    await one.write(`${TOP}/count`, '0');
    let runs = 0;
    const increments = async (store: XenStore): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        await store.transaction(async (tx) => {
          runs += 1;
          await tx.write(`${TOP}/count`, String(Number(await tx.read(`${TOP}/count`)) + 1));
        });
      }
    };
    await Promise.all([increments(one), increments(two)]);
    assert.equal(await one.read(`${TOP}/count`), String(2 * rounds));
    t.diagnostic(`${2 * rounds} transactions took ${runs} runs: ${runs - 2 * rounds} repeated after EAGAIN`);
  });

  it('changes nothing when a transaction is given up', async () => {
    const thrown = new Error('given up');
    await assert.rejects(
      one.transaction(async (tx) => {
        await tx.write(`${TOP}/never`, '');
        throw thrown;
      }),
      (error: unknown) => error === thrown,
    );
    assert.equal(await two.read(`${TOP}/never`), undefined);
  });

  it('fires a watch at once, for children and for the end, and not after unwatch', async () => {
    const path = `${TOP}/watched`;
    const seen: string[] = [];
    const watch = await one.watch(path, (event) => void seen.push(event));
    await until(() => seen.length === 1);
    for (const change of [`${path}/child`, path, `${path}/a/b`]) {
      await two.write(change, '1');
      await until(() => seen.at(-1) === change);
    }
    await two.remove(path);
    await until(() => seen.length === 5);
    assert.deepEqual(seen, [path, `${path}/child`, path, `${path}/a/b`, path]);
    await watch.unwatch();
    await two.write(`${path}/child`, '2');
    // Events come in order on a connection, so a later watch's first one is behind any of the old one.
    let later = false;
    const end = await one.watch(TOP, () => void (later = true));
    await until(() => later);
    await end.unwatch();
    assert.equal(seen.length, 5);
  });

  it('fires the special watches', async () => {
    const seen: string[] = [];
    for (const path of ['@introduceDomain', '@releaseDomain']) {
      await one.watch(path, (event) => void seen.push(event));
    }
    await until(() => seen.length === 2);
    assert.deepEqual(seen, ['@introduceDomain', '@releaseDomain']);
  });

  it('answers with the errnos that the client expects', async () => {
    const cases: readonly (readonly [string, number, Uint8Array, number])[] = [
      ['ENOENT', MessageType.READ, strings(`${TOP}/missing`), 0],
      ['ENOENT', MessageType.READ, strings(TOP), 424_242],
      ['ENOENT', MessageType.TRANSACTION_END, strings('T'), 424_242],
      ['ENOENT', MessageType.UNWATCH, strings(TOP, 'no such token'), 0],
      ['EINVAL', MessageType.READ, strings(`${TOP}//twice`), 0],
      ['EINVAL', MessageType.READ, strings(`${TOP}/`), 0],
      ['EINVAL', MessageType.READ, strings(`${TOP}/a b`), 0],
      ['EINVAL', MessageType.READ, strings(`/${'a'.repeat(MAX_ABSOLUTE_PATH)}`), 0],
      ['EINVAL', MessageType.RM, strings('/'), 0],
      ['ENOSYS', 0xffff, strings(TOP), 0],
    ];
    for (const [errno, type, payload, transactionId] of cases) {
      const reply = await raw(type, payload, transactionId);
      const said = [reply.type, reply.requestId, decodeText(reply.payload)];
      assert.deepEqual(said, [MessageType.ERROR, 77, `${errno}\0`], `type ${type} ${decodeText(payload)}`);
    }
    await assert.rejects(
      one.setPermissions(`${TOP}/missing`, [{ access: 'none', domain: domainId(0) }]),
      (error: unknown) => error instanceof XenStoreRefusedError && error.code === 'XENSTORE_ENOENT',
    );
  });
});
