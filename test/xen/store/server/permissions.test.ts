/** Permissions as xenstored enforces them on domains without privilege. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { domainId } from '../../../../src/xen/domain.js';
import { StoreServer } from '../../../../src/xen/store/index.js';
import { permissions } from '../tree-text.js';
import { Asker } from './asker.js';

function host(): { server: StoreServer; dom0: Asker; one: Asker; two: Asker } {
  const server = new StoreServer();
  const [one, two] = [1, 2].map((domain) => new Asker(server.connect({ domain: domainId(domain) })));
  assert.ok(one !== undefined && two !== undefined);
  for (const domain of [1, 2]) {
    server.write(`/local/domain/${domain}`, '');
    server.setPermissions(`/local/domain/${domain}`, permissions(`n${domain}`));
  }
  return { server, dom0: new Asker(server.connect()), one, two };
}

describe('a domain without privilege', () => {
  it('may do with a node what its list says, the first entry that means it counting', async () => {
    const { server, one, two } = host();
    for (const [list, read, write] of [
      [['n0'], false, false],
      [['r0'], true, false],
      [['w0'], false, true],
      [['b0'], true, true],
      [['b0', 'n1'], false, false],
      [['n0', 'r1'], true, false],
      [['n0', 'w1'], false, true],
      [['n0', 'r1', 'w1'], true, false],
      [['n0', 'b2'], false, false],
      [['n1'], true, true],
    ] as const) {
      server.write('/a', 'value');
      server.setPermissions('/a', permissions(...list));
      const text = list.join(' ');
      assert.equal(await one.ask('READ', '/a|'), read ? 'READ value' : 'ERROR EACCES|', text);
      assert.equal(await one.ask('DIRECTORY', '/a|'), read ? 'DIRECTORY ' : 'ERROR EACCES|', text);
      assert.equal(
        await one.ask('GET_PERMS', '/a|'),
        read ? `GET_PERMS ${list.join('|')}|` : 'ERROR EACCES|',
        text,
      );
      assert.equal(await one.ask('WRITE', '/a|other'), write ? 'WRITE OK|' : 'ERROR EACCES|', text);
      assert.equal(server.read('/a'), write ? 'other' : 'value', text);
      assert.equal(await one.ask('MKDIR', '/a|'), write ? 'MKDIR OK|' : 'ERROR EACCES|', text);
      assert.equal(await one.ask('RM', '/a|'), write ? 'RM OK|' : 'ERROR EACCES|', text);
    }
    assert.equal(await two.ask('READ', '/a|'), 'ERROR EACCES|');
  });

  it('learns of a missing node only where it may read, or write, the nearest one above', async () => {
    const { server, one } = host();
    server.write('/open/below', '');
    server.setPermissions('/open', permissions('r0'));
    server.setPermissions('/open/below', permissions('n0'));
    server.write('/writable', '');
    server.setPermissions('/writable', permissions('w0'));
    assert.equal(await one.ask('READ', '/open/missing|'), 'ERROR ENOENT|');
    assert.equal(await one.ask('READ', '/open/missing/deeper|'), 'ERROR ENOENT|');
    assert.equal(await one.ask('READ', '/open/below/missing|'), 'ERROR EACCES|');
    assert.equal(await one.ask('READ', '/missing|'), 'ERROR EACCES|');
    assert.equal(await one.ask('READ', '/writable/missing|'), 'ERROR EACCES|');
    assert.equal(await one.ask('RM', '/writable/missing|'), 'RM OK|');
    assert.equal(await one.ask('RM', '/writable/missing/deeper|'), 'ERROR ENOENT|');
    assert.equal(await one.ask('RM', '/open/missing|'), 'ERROR EACCES|');
  });

  it('owns what it creates, with the rest of the list above; dom0 creates for the owner above', async () => {
    const { server, dom0, one, two } = host();
    server.write('/shared', '');
    server.setPermissions('/shared', permissions('n0', 'b1', 'r2'));
    assert.equal(await one.ask('WRITE', '/shared/a/b|1'), 'WRITE OK|');
    assert.equal(await dom0.ask('GET_PERMS', '/shared/a|'), 'GET_PERMS n1|b1|r2|');
    assert.equal(await dom0.ask('GET_PERMS', '/shared/a/b|'), 'GET_PERMS n1|b1|r2|');
    assert.equal(await dom0.ask('WRITE', '/shared/a/c|1'), 'WRITE OK|');
    assert.equal(await one.ask('GET_PERMS', '/shared/a/c|'), 'GET_PERMS n1|b1|r2|');
    assert.equal(await two.ask('MKDIR', '/shared/x|'), 'ERROR EACCES|');
    assert.equal(await two.ask('READ', '/shared/a/b|'), 'READ 1');
  });

  it('gives permissions only on nodes of its own, and never away', async () => {
    const { server, dom0, one } = host();
    assert.equal(await one.ask('WRITE', 'mine|'), 'WRITE OK|');
    assert.equal(await one.ask('SET_PERMS', 'mine|b1|r2|'), 'SET_PERMS OK|');
    assert.equal(await one.ask('GET_PERMS', 'mine|'), 'GET_PERMS b1|r2|');
    assert.equal(await one.ask('SET_PERMS', 'mine|n2|'), 'ERROR EPERM|');
    server.write('/theirs', '');
    server.setPermissions('/theirs', permissions('n0', 'b1'));
    assert.equal(await one.ask('SET_PERMS', '/theirs|n1|'), 'ERROR EACCES|');
    assert.equal(await one.ask('SET_PERMS', '/theirs|n0|'), 'ERROR EACCES|');
    assert.equal(await dom0.ask('SET_PERMS', '/local/domain/1/mine|n2|'), 'SET_PERMS OK|');
    assert.equal(await one.ask('READ', 'mine|'), 'ERROR EACCES|');
  });

  it('may not ask what only dom0 may', async () => {
    const { one } = host();
    for (const type of [
      'CONTROL',
      'INTRODUCE',
      'RELEASE',
      'IS_DOMAIN_INTRODUCED',
      'RESUME',
      'SET_TARGET',
    ] as const) {
      assert.equal(await one.ask(type, '1|1|1|'), 'ERROR EACCES|', type);
    }
    assert.equal(await one.ask('SET_PERMS', '@releaseDomain|n0|r1|'), 'ERROR EACCES|');
    assert.equal(await one.ask('GET_DOMAIN_PATH', '2|'), 'GET_DOMAIN_PATH /local/domain/2|');
    assert.equal(await one.ask('GET_FEATURE', ''), 'ERROR ENOSYS|');
  });

  it('hears of changes that it may read, before or after, or whose parent it may read', async () => {
    const { server, one } = host();
    server.write('/top/open', '');
    server.write('/top/closed', '');
    server.setPermissions('/top/open', permissions('n0', 'r1'));
    assert.equal(await one.ask('WATCH', '/top|t|'), 'WATCH OK|');
    server.write('/top/closed', '1');
    server.write('/top/open', '1');
    server.write('/top/open/below', '1');
    server.setPermissions('/top/open/below', permissions('n0'));
    // Its parent is open, so that it is known to be there.
    server.write('/top/open/below', '2');
    server.setPermissions('/top/open', permissions('n0'));
    server.write('/top/open', '3');
    server.write('/top/open/below', '3');
    server.remove('/top/open');
    assert.deepEqual(await one.events(), [
      '/top|t|',
      '/top/open|t|',
      '/top/open/below|t|',
      '/top/open/below|t|',
      '/top/open/below|t|',
      '/top/open|t|',
    ]);
  });

  it('hears of the special names where dom0 lets it', async () => {
    const { server, dom0, one } = host();
    for (const name of ['@introduceDomain', '@releaseDomain']) {
      assert.equal(await one.ask('WATCH', `${name}|t|`), 'WATCH OK|');
    }
    server.introduce(domainId(5));
    assert.equal(await dom0.ask('SET_PERMS', '@releaseDomain|n0|r1|'), 'SET_PERMS OK|');
    assert.equal(await dom0.ask('GET_PERMS', '@releaseDomain|'), 'ERROR EINVAL|');
    assert.equal(await dom0.ask('SET_PERMS', '@other|n0|'), 'ERROR EINVAL|');
    server.release(domainId(5));
    assert.deepEqual(await one.events(), ['@introduceDomain|t|', '@releaseDomain|t|', '@releaseDomain|t|']);
  });

  it('has the rights of its target, too', async () => {
    const { server, dom0, one, two } = host();
    await two.ask('WRITE', 'data|2');
    assert.equal(await one.ask('READ', '/local/domain/2/data|'), 'ERROR EACCES|');
    for (const domain of [1, 2]) server.introduce(domainId(domain));
    assert.equal(await dom0.ask('SET_TARGET', '1|2|'), 'SET_TARGET OK|');
    assert.equal(await one.ask('READ', '/local/domain/2/data|'), 'READ 2');
    assert.equal(await one.ask('WRITE', '/local/domain/2/data|3'), 'WRITE OK|');
    server.release(domainId(2));
    assert.equal(await one.ask('READ', '/local/domain/2|'), 'ERROR EACCES|');
  });
});

describe('a permission', () => {
  it('means the domain that was there, not one that has its number later', async () => {
    const { server, one } = host();
    server.write('/kept', 'secret');
    server.setPermissions('/kept', permissions('n0', 'r1'));
    assert.equal(await one.ask('READ', '/kept|'), 'READ secret');
    server.release(domainId(1));
    assert.equal(one.ended, false);
    const later = new Asker(server.connect({ domain: domainId(1) }));
    assert.equal(await later.ask('READ', '/kept|'), 'ERROR EACCES|');
    server.write('/kept', 'again');
    assert.equal(await later.ask('READ', '/kept|'), 'ERROR EACCES|');
    server.setPermissions('/kept', permissions('n0', 'r1'));
    assert.equal(await later.ask('READ', '/kept|'), 'READ again');
  });

  it('is a letter and a number as C reads it', async () => {
    const dom0 = new Asker(new StoreServer({ hypervisor: { exists: (domain) => domain < 20 } }).connect());
    await dom0.ask('MKDIR', '/a|');
    assert.equal(await dom0.ask('SET_PERMS', '/a|n0|r0x1|w-1|b010|r 7|r+4|'), 'SET_PERMS OK|');
    assert.equal(await dom0.ask('GET_PERMS', '/a|'), 'GET_PERMS n0|r1|w-1|b8|r7|r4|');
    for (const [payload, errno] of [
      ['/a|', 'EINVAL'],
      ['/a|n0x|', 'EINVAL'],
      ['/a|n|', 'EINVAL'],
      ['/a|n0 |', 'EINVAL'],
      ['/a|x0|', 'EINVAL'],
      ['/a|n0', 'EINVAL'],
      ['/a|n20|', 'ENOENT'],
    ] as const) {
      assert.equal(await dom0.ask('SET_PERMS', payload), `ERROR ${errno}|`, payload);
    }
  });
});
