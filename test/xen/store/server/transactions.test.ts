/** Transactions of the server: what they see, when they fail, what they tell, and what they cost. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { domainId } from '../../../../src/xen/domain.js';
import { StoreServer } from '../../../../src/xen/store/index.js';
import { permissions } from '../tree-text.js';
import { Asker } from './asker.js';

function host(): { server: StoreServer; one: Asker; two: Asker } {
  const server = new StoreServer();
  return { server, one: new Asker(server.connect()), two: new Asker(server.connect()) };
}

describe('transactions', () => {
  it('see their own changes, and others what was before', async () => {
    const { one, two } = host();
    await one.ask('WRITE', '/a|1');
    const id = await one.begin();
    assert.equal(await one.ask('WRITE', '/a|2', id), 'WRITE OK|');
    assert.equal(await one.ask('WRITE', '/b/c|3', id), 'WRITE OK|');
    assert.equal(await one.ask('DIRECTORY', '/|', id), 'DIRECTORY tool|a|b|');
    assert.equal(await one.ask('RM', '/a|', id), 'RM OK|');
    assert.equal(await one.ask('READ', '/a|', id), 'ERROR ENOENT|');
    assert.equal(await two.ask('READ', '/a|'), 'READ 1');
    assert.equal(await two.ask('READ', '/b/c|'), 'ERROR ENOENT|');
    assert.equal(
      await two.ask('READ', '/a|', id),
      'ERROR ENOENT|',
      'another connection has no such transaction',
    );
    assert.equal(await one.ask('TRANSACTION_END', 'T|', id), 'TRANSACTION_END OK|');
    assert.equal(await two.ask('READ', '/b/c|'), 'READ 3');
    assert.equal(await two.ask('READ', '/a|'), 'ERROR ENOENT|');
    assert.equal(await one.ask('TRANSACTION_END', 'T|', id), 'ERROR ENOENT|');
  });

  it('fail when what they looked at has changed, and only then', async () => {
    const { server, one, two } = host();
    server.write('/a', '');
    server.write('/b', '');
    for (const [look, change, verdict] of [
      [['READ', '/a|'], ['WRITE', '/a|x'], 'ERROR EAGAIN|'],
      [['READ', '/a|'], ['WRITE', '/b|x'], 'TRANSACTION_END OK|'],
      [['READ', '/missing|'], ['WRITE', '/missing|x'], 'ERROR EAGAIN|'],
      [['READ', '/a|'], ['SET_PERMS', '/a|n0|'], 'ERROR EAGAIN|'],
      [['DIRECTORY', '/a|'], ['WRITE', '/a/child|'], 'ERROR EAGAIN|'],
      [['READ', '/a|'], ['WRITE', '/a/child|x'], 'TRANSACTION_END OK|'],
      [['WRITE', '/b|mine'], ['WRITE', '/b|theirs'], 'ERROR EAGAIN|'],
      [['WRITE', '/b|mine'], ['WRITE', '/a|theirs'], 'TRANSACTION_END OK|'],
      [['READ', '/b|'], ['RM', '/b|'], 'ERROR EAGAIN|'],
    ] as const) {
      const id = await one.begin();
      await one.ask(look[0], look[1], id);
      await two.ask(change[0], change[1]);
      assert.equal(
        await one.ask('TRANSACTION_END', 'T|', id),
        verdict,
        `${look.join(' ')}, ${change.join(' ')}`,
      );
    }
  });

  it('tell at their end what they changed, in order of the first look; nothing when given up', async () => {
    const { one, two } = host();
    await one.ask('WRITE', '/w/old|');
    await two.ask('WATCH', '/w|t|');
    let id = await one.begin();
    await one.ask('WRITE', '/w/never|', id);
    await one.ask('TRANSACTION_END', 'F|', id);
    id = await one.begin();
    await one.ask('READ', '/w/second|', id);
    await one.ask('WRITE', '/w/first|', id);
    await one.ask('WRITE', '/w/second|', id);
    await one.ask('MKDIR', '/w/passing|', id);
    await one.ask('RM', '/w/passing|', id);
    await one.ask('RM', '/w/old|', id);
    assert.deepEqual(await two.events(), ['/w|t|']);
    await one.ask('TRANSACTION_END', 'T|', id);
    assert.deepEqual(await two.events(), ['/w|t|', '/w/second|t|', '/w/first|t|', '/w/old|t|']);
  });

  it('have numbers from 1 on for each connection, do not nest, and end by T or F', async () => {
    const { one, two } = host();
    assert.deepEqual([await one.begin(), await one.begin(), await two.begin()], [1, 2, 1]);
    assert.equal(await one.ask('TRANSACTION_START', '|', 1), 'ERROR EBUSY|');
    assert.equal(await one.ask('TRANSACTION_START', '|', 9), 'ERROR ENOENT|');
    for (const verdict of ['', 'T', 'X|', 'TT|', 'T|T|']) {
      assert.equal(await one.ask('TRANSACTION_END', verdict, 1), 'ERROR EINVAL|', verdict);
    }
    assert.equal(await one.ask('TRANSACTION_END', 'T|'), 'ERROR ENOENT|');
    assert.equal(await one.ask('READ', '/|', 9), 'ERROR ENOENT|');
    assert.equal(await one.ask('WATCH', '/|t|', 9), 'WATCH OK|', 'watches belong to none');
    assert.equal(await one.ask('RESET_WATCHES', '|'), 'RESET_WATCHES OK|');
    assert.equal(await one.ask('TRANSACTION_END', 'T|', 1), 'ERROR ENOENT|');
    assert.equal(await one.ask('UNWATCH', '/|t|'), 'ERROR ENOENT|');
    assert.equal(await two.ask('TRANSACTION_END', 'T|', 1), 'TRANSACTION_END OK|');
  });

  it('that saw a parent before and a child after a change cannot remove it', async () => {
    const { one, two } = host();
    await one.ask('MKDIR', '/p|');
    const id = await one.begin();
    await one.ask('DIRECTORY', '/p|', id);
    await two.ask('MKDIR', '/p/new|');
    assert.equal(await one.ask('READ', '/p/new|', id), 'READ ');
    assert.equal(await one.ask('RM', '/p/new|', id), 'ERROR EIO|');
    assert.equal(await one.ask('TRANSACTION_END', 'T|', id), 'ERROR EAGAIN|');
  });

  it('give nothing of a domain that went meanwhile to one that has its number later', async () => {
    const { server, one } = host();
    server.write('/theirs', '');
    server.setPermissions('/theirs', permissions('n0', 'r5'));
    const id = await one.begin();
    await one.ask('WRITE', '/theirs|1', id);
    await one.ask('WRITE', '/new|1', id);
    await one.ask('SET_PERMS', '/new|n5|r6|', id);
    server.release(domainId(5));
    const later = new Asker(server.connect({ domain: domainId(5) }));
    assert.equal(await one.ask('TRANSACTION_END', 'T|', id), 'TRANSACTION_END OK|');
    for (const path of ['/theirs', '/new'])
      assert.equal(await later.ask('READ', `${path}|`), 'ERROR EACCES|', path);
    assert.equal(await one.ask('GET_PERMS', '/new|'), 'GET_PERMS n0|r6|');
  });

  it('begin in no time on a store of any size, and keep no copy of it', async () => {
    const { server, one } = host();
    for (let index = 0; index < 20_000; index++) server.write(`/big/${index % 100}/${index}`, String(index));
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < 2000; count++) await one.begin();
    const grown = process.memoryUsage().heapUsed - before;
    // 20,000 nodes are some 4 MB; 2000 copies would be gigabytes.
    assert.ok(grown < 40 << 20, `${grown} bytes`);
  });
});
