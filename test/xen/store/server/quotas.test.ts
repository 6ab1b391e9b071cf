/** Quotas of a domain without privilege, and what it cannot use up. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { domainId } from '../../../../src/xen/domain.js';
import { StoreServer, type Quotas } from '../../../../src/xen/store/index.js';
import { permissions } from '../tree-text.js';
import { Asker } from './asker.js';

const HOME = '/local/domain/1';

function guest(quotas: Partial<Quotas> = {}): { server: StoreServer; one: Asker; dom0: Asker } {
  const server = new StoreServer({ quotas });
  const one = new Asker(server.connect({ domain: domainId(1) }));
  server.write(HOME, '');
  server.setPermissions(HOME, permissions('n1'));
  return { server, one, dom0: new Asker(server.connect()) };
}

/** How often the same request is answered well, one after the other, before it is refused, and how. */
async function until(
  ask: (count: number) => Promise<string>,
  most = 3000,
): Promise<readonly [number, string]> {
  for (let count = 0; count < most; count++) {
    const reply = await ask(count);
    if (reply.startsWith('ERROR')) return [count, reply.slice(6, -1)];
  }
  return [most, 'never'];
}

describe('quotas', () => {
  it('of nodes: 1000 that it owns, the home included', async () => {
    const { server, one, dom0 } = guest();
    assert.deepEqual(await until((count) => one.ask('WRITE', `d${count % 10}/${count}|`)), [989, 'ENOSPC']);
    assert.equal(await one.ask('WRITE', 'd0/0|changed'), 'WRITE OK|');
    assert.equal(await one.ask('RM', 'd0/0|'), 'RM OK|');
    assert.equal(await one.ask('WRITE', 'd0/0|'), 'WRITE OK|');
    assert.equal(await one.ask('MKDIR', 'd0/more|'), 'ERROR ENOSPC|');
    assert.equal(await dom0.ask('MKDIR', `${HOME}/d0/more|`), 'MKDIR OK|');
    assert.match(await dom0.ask('CONTROL', 'quota|1|'), /nodes +: +1001\n/);
    server.remove(`${HOME}/d0`);
    assert.equal(await one.ask('MKDIR', 'd0/more|'), 'MKDIR OK|');
  });

  it('of nodes: none of those above stays when one is too many', async () => {
    const { server, one } = guest({ nodes: 5 });
    assert.equal(await one.ask('WRITE', 'a/b/c/d/e|'), 'ERROR ENOSPC|');
    assert.deepEqual([...server.nodes(HOME)].length, 1);
    assert.equal(await one.ask('WRITE', 'a/b/c/d|'), 'WRITE OK|');
  });

  it('of nodes in a transaction, which cannot end well any more', async () => {
    const { server, one } = guest({ nodes: 5 });
    const id = await one.begin();
    assert.deepEqual(await until((count) => one.ask('MKDIR', `n${count}|`, id)), [4, 'ENOSPC']);
    assert.equal(await one.ask('TRANSACTION_END', 'T|', id), 'ERROR ENOMEM|');
    assert.equal([...server.nodes(HOME)].length, 1);
  });

  it('of a node: 2048 bytes with its permissions and its children’s names', async () => {
    const { one } = guest();
    // 24 bytes, 8 for each permission, the value.
    assert.equal(await one.ask('WRITE', `v|${'x'.repeat(2047 - 24 - 8)}`), 'WRITE OK|');
    assert.equal(await one.ask('WRITE', `v|${'x'.repeat(2048 - 24 - 8)}`), 'ERROR ENOSPC|');
    assert.equal(await one.ask('SET_PERMS', 'v|n1|r2|'), 'ERROR ENOSPC|');
    assert.equal(await one.ask('READ', 'v|'), `READ ${'x'.repeat(2015)}`);
    const name = 'n'.repeat(99);
    assert.deepEqual(
      await until((count) => one.ask('MKDIR', `d/${name}${String(count).padStart(2, '0')}|`)),
      [Math.floor((2047 - 32) / 102), 'ENOSPC'],
    );
  });

  it('of permissions: five entries', async () => {
    const { one, dom0 } = guest();
    assert.equal(await one.ask('SET_PERMS', '|n1|r2|r3|r4|r5|'), 'ERROR EINVAL|');
    assert.equal(await one.ask('SET_PERMS', `${HOME}|n1|r2|r3|r4|r5|`), 'SET_PERMS OK|');
    assert.equal(await one.ask('SET_PERMS', `${HOME}|n1|r2|r3|r4|r5|r6|`), 'ERROR ENOSPC|');
    assert.equal(await dom0.ask('SET_PERMS', `${HOME}|n1|r2|r3|r4|r5|r6|`), 'SET_PERMS OK|');
  });

  it('of watches and transactions: one more than their number, as xenstored counts', async () => {
    const { one, dom0 } = guest();
    assert.deepEqual(await until((count) => one.ask('WATCH', `w|${count}|`)), [129, 'E2BIG']);
    assert.equal(await one.ask('UNWATCH', 'w|0|'), 'UNWATCH OK|');
    assert.equal(await one.ask('WATCH', 'w|again|'), 'WATCH OK|');
    assert.deepEqual(await until(() => one.ask('TRANSACTION_START', '|')), [11, 'ENOSPC']);
    assert.equal(await one.ask('TRANSACTION_END', 'F|', 3), 'TRANSACTION_END OK|');
    assert.equal(await one.begin(), 12);
    assert.equal(await one.ask('RESET_WATCHES', '|'), 'RESET_WATCHES OK|');
    assert.deepEqual(await until((count) => one.ask('WATCH', `w|${count}|`)), [129, 'E2BIG']);
    assert.deepEqual(await until(() => dom0.ask('TRANSACTION_START', '|'), 300), [300, 'never']);
  });

  it('of nodes that a transaction looks at, missing ones too', async () => {
    const { one } = guest({ transactionNodes: 10 });
    const id = await one.begin();
    // The home is looked at with the first of them.
    const missing = await until(async (count) => {
      const reply = await one.ask('READ', `m${count}|`, id);
      return reply === 'ERROR ENOENT|' ? 'as it should' : reply;
    });
    assert.deepEqual(missing, [9, 'ENOSPC']);
    assert.equal(await one.ask('TRANSACTION_END', 'T|', id), 'ERROR ENOMEM|');
    assert.equal(await one.ask('READ', 'm0|'), 'ERROR ENOENT|');
  });

  it('of memory: nodes, watches and what transactions hold', async () => {
    const { server, one, dom0 } = guest({ memory: 20_000 });
    const value = 'v'.repeat(900);
    const [nodes, errno] = await until((count) => one.ask('WRITE', `n${count}|${value}`));
    assert.deepEqual([nodes, errno], [20, 'ENOMEM']);
    assert.equal(await one.ask('WRITE', 'n0|'), 'WRITE OK|');
    assert.equal(await dom0.ask('WRITE', `${HOME}/n1|${'w'.repeat(3000)}`), 'ERROR ENOMEM|');
    const [watches, refusal] = await until((count) => one.ask('WATCH', `w|${'t'.repeat(200)}${count}|`));
    assert.deepEqual([watches, refusal], [8, 'ENOMEM']);
    assert.equal(await one.ask('RESET_WATCHES', '|'), 'RESET_WATCHES OK|');
    const id = await one.begin();
    assert.deepEqual(await until((count) => one.ask('READ', `n${count + 1}|`, id)), [1, 'ENOSPC']);
    assert.equal(await one.ask('TRANSACTION_END', 'F|', id), 'TRANSACTION_END OK|');
    server.remove(HOME);
    assert.match(await dom0.ask('CONTROL', 'quota|1|'), /nodes +: +0\n[^]*memory +: +0\n/);
  });

  it('are shown and changed by CONTROL, and refused by name', async () => {
    const { one, dom0 } = guest();
    assert.match(
      await dom0.ask('CONTROL', 'quota|'),
      /^CONTROL Quota settings:\nnodes {12}: {5}1000 Nodes per domain\n/,
    );
    assert.equal(await dom0.ask('CONTROL', 'quota|set|nodes|2|'), 'CONTROL OK|');
    assert.equal(await one.ask('MKDIR', 'a|'), 'MKDIR OK|');
    assert.equal(await one.ask('MKDIR', 'b|'), 'ERROR ENOSPC|');
    assert.equal(await dom0.ask('CONTROL', 'quota|set|path-max|10|'), 'CONTROL OK|');
    assert.equal(await dom0.ask('READ', `/${'a'.repeat(10)}|`), 'ERROR EINVAL|');
    assert.equal(await dom0.ask('READ', `${HOME}/${'a'.repeat(10)}|`), 'ERROR ENOENT|');
    for (const bad of ['set|', 'set|nodes|', 'set|nodes|0|', 'set|nodes|x|', 'set|other|1|', '1|2|']) {
      assert.equal(await dom0.ask('CONTROL', `quota|${bad}`), 'ERROR EINVAL|', bad);
    }
    assert.equal(await dom0.ask('CONTROL', 'quota|77|'), 'ERROR ENOENT|');
    assert.equal(await dom0.ask('CONTROL', 'check|'), 'CONTROL OK|');
    assert.match(await dom0.ask('CONTROL', 'help|'), /^CONTROL check\t\nquota\t/);
  });
});
