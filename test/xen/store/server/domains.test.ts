/** Domains that come and go: by whoever runs them, and by the messages of a tool stack. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { domainId } from '../../../../src/xen/domain.js';
import {
  memoryPair,
  StoreServer,
  type ServedTransport,
  type StoreTransport,
} from '../../../../src/xen/store/index.js';
import { permissions, treeText } from '../tree-text.js';
import { Asker } from './asker.js';

describe('a domain', () => {
  it('is introduced once, shuts down, is resumed, and is released', async () => {
    const server = new StoreServer();
    const dom0 = new Asker(server.connect());
    for (const name of ['@introduceDomain', '@releaseDomain']) await dom0.ask('WATCH', `${name}|t|`);
    const events = async (): Promise<string[]> => {
      const list = await dom0.events();
      dom0.heard.length = 0;
      return list;
    };
    await events();
    server.introduce(domainId(3));
    server.introduce(domainId(3));
    assert.deepEqual(await events(), ['@introduceDomain|t|']);
    assert.equal(await dom0.ask('IS_DOMAIN_INTRODUCED', '3|'), 'IS_DOMAIN_INTRODUCED T|');
    server.shutDown(domainId(3));
    server.shutDown(domainId(3));
    assert.deepEqual(await events(), ['@releaseDomain|t|']);
    assert.equal(await dom0.ask('RESUME', '3|'), 'RESUME OK|');
    server.shutDown(domainId(3));
    assert.deepEqual(await events(), ['@releaseDomain|t|']);
    server.release(domainId(3));
    server.release(domainId(3));
    server.release(domainId(0));
    assert.deepEqual(await events(), ['@releaseDomain|t|']);
    assert.equal(await dom0.ask('IS_DOMAIN_INTRODUCED', '3|'), 'IS_DOMAIN_INTRODUCED F|');
  });

  it('takes its connections and its nodes with it, and what is below them, and its share of permissions', async () => {
    const server = new StoreServer();
    const dom0 = new Asker(server.connect());
    for (const path of ['/local/domain/1/data', '/shared/ones/other', '/shared/kept', '/x/y/z'])
      server.write(path, '');
    server.setPermissions('/local/domain/1', permissions('n1'));
    server.setPermissions('/local/domain/1/data', permissions('n1'));
    server.setPermissions('/shared/ones', permissions('r1'));
    server.setPermissions('/shared/kept', permissions('n0', 'b1'));
    server.setPermissions('/x/y/z', permissions('n1'));
    server.setPermissions('@releaseDomain', permissions('n1', 'r1'));
    const one = new Asker(server.connect({ domain: domainId(1) }));
    await one.ask('WATCH', '@releaseDomain|t|');
    await one.begin();
    await dom0.ask('WATCH', '/|all|');
    await dom0.ask('WATCH', '/shared/ones/other|below|');
    await dom0.events();
    dom0.heard.length = 0;
    assert.equal(await dom0.ask('RELEASE', '1|'), 'ERROR ENOENT|');
    server.introduce(domainId(1));
    assert.equal(await dom0.ask('RELEASE', '1|'), 'RELEASE OK|');
    await turn();
    assert.equal(one.ended, true);
    assert.equal(
      treeText(server),
      [
        '/local = "" (n0)',
        '/local/domain = "" (n0)',
        '/shared = "" (n0)',
        '/shared/kept = "" (n0,b1)',
        '/x = "" (n0)',
        '/x/y = "" (n0)',
      ].join('\n'),
    );
    assert.deepEqual(await dom0.events(), [
      '/local/domain/1|all|',
      '/shared/ones/other|below|',
      '/shared/ones|all|',
      '/x/y/z|all|',
    ]);
    assert.match(await dom0.ask('CONTROL', 'quota|0|'), /nodes +: +9\n/);
  });

  it('is connected by INTRODUCE where the hypervisor has its ring, again with a new one', async () => {
    const rings: { near: StoreTransport; asked: readonly number[] }[] = [];
    const server = new StoreServer({
      hypervisor: {
        exists: (domain) => domain <= 4,
        connect: (...asked): ServedTransport | undefined => {
          if (asked[0] !== 4) return undefined;
          const [near, far] = memoryPair();
          rings.push({ near, asked });
          return far;
        },
      },
    });
    const dom0 = new Asker(server.connect());
    await dom0.ask('WATCH', '@introduceDomain|t|');
    assert.equal(await dom0.ask('INTRODUCE', '5|4096|7|'), 'ERROR EINVAL|');
    assert.equal(await dom0.ask('INTRODUCE', '4|4096|7|'), 'INTRODUCE OK|');
    assert.equal(await dom0.ask('INTRODUCE', '4|4096|8|'), 'INTRODUCE OK|');
    assert.deepEqual(
      rings.map(({ asked }) => asked),
      [
        [4, 4096, 7],
        [4, 4096, 8],
      ],
    );
    const [first, second] = rings.map(({ near }) => new Asker(near));
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(await second.ask('GET_DOMAIN_PATH', '4|'), 'GET_DOMAIN_PATH /local/domain/4|');
    assert.equal(first.ended, true);
    assert.deepEqual(await dom0.events(), ['@introduceDomain|t|', '@introduceDomain|t|']);
    assert.equal(await second.ask('RELEASE', '4|'), 'ERROR EACCES|');
    assert.equal(await dom0.ask('RELEASE', '4|'), 'RELEASE OK|');
    assert.equal(server.connections, 1);
  });

  it('may have a thousand levels of nodes', () => {
    const server = new StoreServer();
    server.write(`/d${'/x'.repeat(1000)}`, '');
    server.setPermissions(`/d${'/x'.repeat(900)}`, permissions('n1'));
    server.release(domainId(1));
    assert.equal([...server.nodes('/d')].length, 900);
    server.remove('/d');
    assert.equal([...server.nodes('/d')].length, 0);
  });
});
